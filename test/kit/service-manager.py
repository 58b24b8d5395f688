# Does what systemd does for a service that is activated by sockets: binds and keeps the sockets, passes them on to each process that it
# starts, and listens to what that has to say. Speaks JSON lines; starts the command for each line on its standard input.
import array, json, os, signal, socket, subprocess, sys, threading

wanted = json.loads(sys.argv[1])
lock = threading.Lock()
child = None


def say(event, **fields):
    with lock:
        os.write(1, (json.dumps({"event": event, "level": 30, **fields}) + "\n").encode())


def bound(place):
    if "path" in place:
        opened = socket.socket(socket.AF_UNIX)
        opened.bind(place["path"])
    else:
        opened = socket.socket(socket.AF_INET6 if ":" in place["host"] else socket.AF_INET)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if ":" in place["host"]:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(place.get("ipv6Only", False)))
        opened.bind((place["host"], place["port"]))
    opened.listen(1024)
    return opened


def hear(path):
    inbox = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    inbox.bind(path)
    while True:
        message, ancillary, _, _ = inbox.recvmsg(65536, socket.CMSG_SPACE(64))
        for _, _, data in ancillary:  # the barrier's descriptor: whoever sent it waits until it is closed
            for descriptor in array.array("i", data[: len(data) // 4 * 4]):
                os.close(descriptor)
        if not message.startswith(b"BARRIER"):
            say("notified", message=message.decode())


def passed():
    # Out of the way first, so that none is overwritten before its turn.
    copies = [os.dup2(opened.fileno(), 50 + index) for index, opened in enumerate(sockets)]
    for index, copy in enumerate(copies):
        os.dup2(copy, 3 + index)
        os.close(copy)


def start():
    global child
    child = subprocess.Popen(
        ["sh", "-c", 'LISTEN_PID=%s exec "$@"' % wanted.get("owner", "$$"), "sh", *wanted["command"]],
        env={**os.environ, **wanted["env"], "LISTEN_FDS": str(len(sockets))},
        preexec_fn=passed,
        close_fds=False,
        stdin=subprocess.DEVNULL,
    )
    threading.Thread(target=lambda process=child: say("exited", code=process.wait()), daemon=True).start()


def end(*_):
    if child is not None and child.poll() is None:
        child.kill()
        child.wait()
    os._exit(0)


sockets = [bound(place) for place in wanted["sockets"]]
signal.signal(signal.SIGTERM, end)
if "inbox" in wanted:
    threading.Thread(target=hear, args=(wanted["inbox"],), daemon=True).start()
say("bound")
for _ in sys.stdin:
    start()
end()
