import { spawn, type ChildProcess } from 'node:child_process';
import { messageOf } from '../core/errors.js';
import type { Listening } from '../core/messages.cjs';
import { CommandAgent } from './command-agent.js';
import { type CommandLaunch, identityOf } from './launch.js';
import type { PortAllotment } from './port-allotment.js';
import { BEAT_MS, type Post, type Spawned, type Spawner, whoseVariables } from './spawn.js';

/** Where a program without an agent is to listen; the data path connects there, too. */
const HOST = '127.0.0.1';

/**
 * Starts programs of any kind, each as the leader of its own process group. They learn from PORT and HOST where to listen, and
 * what an agent would tell of them is found out from outside.
 *
 * @param ports where their private ports come from
 */
export function commandSpawner(ports: PortAllotment): Spawner {
  return (post, failed) => {
    const launch = commandLaunchOf(post);
    const port = ports.take();
    if (port === undefined) {
      failed('no private port from 20000 to 29999 is free, or was given to another worker within the hour');
      return undefined;
    }
    try {
      const child = spawn(launch.command, [...launch.args], {
        argv0: launch.argv0,
        cwd: launch.cwd,
        ...identityOf(launch),
        env: { ...launch.env, ...whoseVariables(post), PORT: String(port), HOST },
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      child.once('error', (error) => failed(error.message));
      return opened(child, port, post);
    } catch (error) {
      failed(messageOf(error));
      return undefined;
    }
  };
}

function commandLaunchOf({ launch }: Post): CommandLaunch {
  if ('command' in launch) return launch;
  throw new Error('A Node program is not started as a command');
}

function opened(child: ChildProcess, port: number, post: Post): Spawned | undefined {
  const { pid, stdout, stderr } = child;
  if (pid === undefined || stdout === null || stderr === null) return undefined;
  const agent = new CommandAgent(pid, { host: HOST, port }, listeningAt(port, post), BEAT_MS);
  child.once('exit', () => agent.end());
  return { process: child, pid, stdout, stderr, channel: agent.channel };
}

/**
 * The public port is the one of the command line: a program that is given its port can't ask for another. At Unix sockets alone
 * there is none.
 */
function listeningAt(port: number, { config }: Post): Listening {
  const number = typeof config.port === 'number' ? config.port : 0;
  const protocol = config.mode === 'http' ? 'http' : 'tcp';
  const door = { address: { port }, ...(config.sendProxy && { takesProxy: true as const }) };
  const listening: Listening = { type: 'listening', asked: number, port: number, protocol, door };
  return number > 0 ? listening : { ...listening, isFirst: true };
}
