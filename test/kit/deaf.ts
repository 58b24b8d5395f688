import { fork } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../fixtures/agent/deaf.cjs', import.meta.url));
/** A backlog of 1 has room for two, so with this many there are some that wait for an answer to their SYN. */
const FILLING = 8;

/** A port at which connections are neither accepted nor refused: its process is stopped, and its backlog is full. */
export async function deafPort(): Promise<number> {
  const child = fork(PROGRAM);
  onTestFinished(() => void child.kill('SIGKILL'));
  const [{ port }] = (await once(child, 'message')) as [AddressInfo];
  child.kill('SIGSTOP');
  const sockets = Array.from({ length: FILLING }, () => connect(port, '127.0.0.1').on('error', () => {}));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  while (sockets.every((socket) => socket.connecting)) await turn();
  return port;
}
