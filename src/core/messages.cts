/**
 * What the front and the agent of a Node worker say to each other.
 *
 * The front gives the agent its settings in the environment variable `ZDLB_AGENT` (JSON), which the agent deletes before
 * the program runs. The agent answers on a channel of its own, a socket pair at the descriptor `channel`, one JSON message
 * a line, and hears the front's orders there, so that the program's IPC channel (`process.send`, `process.disconnect`) stays wholly the program's. The channel
 * ends when the front is gone, and the worker with it.
 */

/** The name of the environment variable that carries {@link AgentSettings}. */
export const AGENT_SETTINGS = 'ZDLB_AGENT';

/**
 * The field that the front writes first into each request of a shared connection: the client's address and port, and the
 * front's own that it connected to. A client's own field of that name never passes the front.
 */
export const CLIENT_FIELD = 'x-zdlb-client';
/** What stands in it for a client at a Unix socket. */
export const NO_ADDRESS = 'unix';

/** By what name a health probe goes (`User-Agent`); an answer to it is not a client's. */
export const HEALTH_USER_AGENT = 'zdlb-health';

/** Where the front reaches a worker: a port on 127.0.0.1, or the path of a Unix socket. */
export type PrivateAddress = { readonly port: number } | { readonly path: string };

/** What a program speaks on a port: `http` when it listened with an `http.Server`, else `tcp`. */
export type Protocol = 'http' | 'tcp';

export interface AgentSettings {
  /** The descriptor of the channel to the front. */
  readonly channel: number;
  /**
   * `--port`: a number, `none` for a program that never listens, absent when the program decides; `first` when the first
   * server is to be told apart, but keeps its number, since clients reach it only at Unix sockets.
   */
  readonly port?: number | 'none' | 'first';
  /** `--host`: the public address of the first port. */
  readonly host?: string;
  /** Asked to public port of the serving generation, as pairs; absent in the first generation, which makes the map. */
  readonly ports?: readonly (readonly [asked: number, open: number])[];
  /** A private folder for Unix sockets; absent: loopback ports. */
  readonly socketFolder?: string;
  /** `--wait-ready`: the front wants to hear of the program's `process.send('ready')`. */
  readonly waitReady: boolean;
  /** How often the agent tells its vitals (ms). */
  readonly beatMs: number;
  /** `--backend cluster`: client connections are handed over on the IPC channel. */
  readonly takesConnections: boolean;
  /** Whether the program is shown the clients' addresses, or (`--no-client-address`) those of the front's own connections. */
  readonly showsClients: boolean;
}

/** The program has opened a public port and serves it at a private address. */
export interface Listening {
  readonly type: 'listening';
  /** The port that the program asked for. */
  readonly asked: number;
  /** The port that clients use. */
  readonly port: number;
  /** The public address that the program asked for; absent when it named none (all addresses). */
  readonly host?: string;
  /** The program wants no IPv4 at that address (`ipv6Only`). */
  readonly ipv6Only?: true;
  /** Set for the first server, where that was to be told apart (`first`). */
  readonly isFirst?: true;
  readonly protocol: Protocol;
  /** Absent for a second address of a port that is mapped already: it only adds the host. */
  readonly door?: Door;
}

/** The private side of a public port. */
export interface Door {
  readonly address: PrivateAddress;
  /** What a PROXY v2 header must carry to be let in (hexadecimal); absent for a program without an agent. */
  readonly secret?: string;
  /** Set when TLS is spoken behind it. */
  readonly tls?: true;
  /** Set for a program without an agent that understands PROXY headers (`--send-proxy`), and gets one on every connection. */
  readonly takesProxy?: true;
  /** Set where the agent does not show the program its clients' addresses (`--no-client-address`), and so looks for none. */
  readonly hidesClients?: true;
}

/** The program does something that can't work under zdlb; it will never be ready. */
export interface Refused {
  readonly type: 'refused';
  /** One line for the operator. */
  readonly reason: string;
}

/** The program has called `process.send('ready')`. */
export interface SaidReady {
  readonly type: 'ready';
}

/** What the agent measures, at every beat. Beats that don't come say that the event loop is blocked. */
export interface Vitals {
  readonly type: 'vitals';
  /** Resident memory in bytes. */
  readonly memoryBytes: number;
  /** The longest that the event loop was late since the last beat (ms). */
  readonly loopDelayMs: number;
  /** What the program's HTTP servers have answered since its start, and how much of it with 5xx. */
  readonly answers: number;
  readonly errors: number;
  /** What they are at; counted only where the front does not see it (`takesConnections`). */
  readonly inFlight?: number;
  /** Processor time since the start, in seconds; absent for a program without an agent. */
  readonly cpuSeconds?: number;
  /** The share of one core since the last beat: 1 is all of it, several threads may use more. */
  readonly cpu?: number;
}

/** After the order to retire: no connection of a client's own is left. */
export interface Drained {
  readonly type: 'drained';
}

export type AgentMessage = Listening | Refused | SaidReady | Vitals | Drained;

/**
 * What the front tells the agent on the same channel, one JSON message a line. `retire`: the worker gets nothing new; answers
 * from now on close their connections, and when none is left the agent says `drained`. A second order only changes the time.
 */
export interface Order {
  readonly type: 'retire';
  /** How long a connection on which nothing is asked may stay for one more request (ms). */
  readonly idleMs: number;
  /**
   * Over how long the closing of the idle ones is spread then, so that their clients don't come back all at once (ms). Under `--backend
   * cluster` what else lasts is closed over as much again behind that.
   */
  readonly spreadMs: number;
}
