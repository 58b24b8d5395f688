import { spawn, type ChildProcess } from 'node:child_process';
import { chownSync } from 'node:fs';
import type { Duplex, Readable } from 'node:stream';
import type { Config } from '../core/config.js';
import { messageOf } from '../core/errors.js';
import { AGENT_SETTINGS, type AgentSettings } from '../core/messages.cjs';
import { HandOver } from './hand-over.js';
import { identityOf, type Launch, type NodeLaunch } from './launch.js';
import { removeSockets } from './private-sockets.js';

/** The program's own IPC channel (`process.send`). */
const IPC = 3;
/** The agent's channel to the front. */
const CHANNEL = 4;

/** How often an agent tells its vitals; three times within the hang timeout if that is shorter. */
export const BEAT_MS = 1_000;

/** What one worker is to be. */
export interface Post {
  readonly slot: number;
  readonly generation: number;
  readonly launch: Launch;
  readonly config: Config;
  /** Asked to public ports, once a generation serves. */
  readonly ports: AgentSettings['ports'];
}

/** A process that has been started. */
export interface Spawned {
  readonly process: ChildProcess;
  readonly pid: number;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** To its agent and back. */
  readonly channel: Duplex;
  /** Where it takes connections (`--backend cluster`). */
  readonly handOver?: HandOver;
}

/** Starts a worker's process; throws when the system won't. Tests pass their own. */
export type Spawner = (post: Post, failed: (reason: string) => void) => Spawned | undefined;

/**
 * Starts node processes with the agent preloaded, each as the leader of its own process group, so that Ctrl-C in the
 * front's terminal reaches the front alone.
 *
 * @param agent the path of the agent's file
 * @param socketFolder where agents listen on Unix sockets; absent: loopback ports
 */
export function nodeSpawner(agent: string, socketFolder?: string): Spawner {
  return (post, failed) => {
    const launch = nodeLaunchOf(post);
    const { node, nodeArgs, script, args, cwd } = launch;
    try {
      if (socketFolder !== undefined) giveTo(launch, socketFolder);
      const child = spawn(node, [...nodeArgs, '--require', agent, script, ...args], {
        cwd,
        ...identityOf(launch),
        env: environment(post, socketFolder),
        detached: true,
        // A pipe for IPC too: an 'ipc' channel on this side would parse what the program sends, and one line that is no JSON
        // would be thrown inside Node, where nothing can catch it. This way the front reads it and throws it away. Only an
        // 'ipc' channel passes descriptors on, though (see ipc-reader.ts).
        stdio: ['ignore', 'pipe', 'pipe', handsOver(post) ? 'ipc' : 'pipe', 'pipe'],
      });
      child.once('error', (error) => failed(error.message)); // EAGAIN, ENOENT … come as an event,
      const { pid } = child;
      if (socketFolder !== undefined && pid !== undefined) child.once('exit', () => removeSockets(socketFolder, pid));
      return opened(child);
    } catch (error) {
      failed(messageOf(error)); // ENOMEM and others are thrown
      return undefined;
    }
  };
}

function opened(child: ChildProcess): Spawned | undefined {
  const { pid, stdout, stderr } = child;
  if (pid === undefined || stdout === null || stderr === null) return undefined;
  const spawned = { process: child, pid, stdout, stderr, channel: child.stdio[CHANNEL] as Duplex };
  const ipc = child.stdio[IPC] as Readable | null;
  if (ipc === null) return { ...spawned, handOver: new HandOver(child) };
  ipc.on('error', () => {}).resume();
  return spawned;
}

function nodeLaunchOf({ launch }: Post): NodeLaunch {
  if ('node' in launch) return launch;
  throw new Error('A command is not started as a Node program');
}

/** Nobody but its owner can enter the folder. */
function giveTo({ identity }: NodeLaunch, folder: string): void {
  if (identity !== undefined) chownSync(folder, identity.uid, identity.gid);
}

const handsOver = ({ config }: Post) => config.backend === 'cluster';

function environment(post: Post, socketFolder: string | undefined): NodeJS.ProcessEnv {
  const { config, launch } = post;
  return {
    ...launch.env,
    ...(typeof config.port === 'number' && { PORT: String(config.port) }),
    ...(config.host !== undefined && { HOST: config.host }),
    ...whoseVariables(post),
    NODE_CHANNEL_FD: String(IPC),
    NODE_CHANNEL_SERIALIZATION_MODE: 'json',
    [AGENT_SETTINGS]: JSON.stringify(agentSettings(post, socketFolder)),
  };
}

/** What tells a worker who it is. */
export function whoseVariables({ launch, slot, generation }: Post): NodeJS.ProcessEnv {
  return {
    ZDLB_NAME: launch.name,
    ZDLB_WORKER: String(slot),
    ZDLB_GENERATION: String(generation),
    NODE_APP_INSTANCE: String(slot),
  };
}

function agentSettings(post: Post, socketFolder: string | undefined): AgentSettings {
  const { config, ports } = post;
  const port = config.port ?? (config.listen.length > 0 ? 'first' : undefined);
  return {
    channel: CHANNEL,
    waitReady: config.waitReady,
    beatMs: Math.min(BEAT_MS, config.hangTimeout / 3),
    takesConnections: handsOver(post),
    showsClients: !config.noClientAddress,
    ...(port !== undefined && { port }),
    ...(config.host !== undefined && { host: config.host }),
    ...(ports !== undefined && { ports }),
    ...(socketFolder !== undefined && { socketFolder }),
  };
}
