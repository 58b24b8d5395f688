import { randomBytes } from 'node:crypto';
import http from 'node:http';
import type { Server } from 'node:net';
import { join } from 'node:path';
import tls from 'node:tls';
import type { AgentSettings, PrivateAddress } from '../core/messages.cjs';
import type { Channel } from './channel.cjs';
import { Door, secret } from './door.cjs';
import { hookListen, type ListenCall } from './listen-hook.cjs';
import { PortMap, type Claim } from './port-map.cjs';
import { ipOf, publicEnd } from './public-end.cjs';
import type { End } from './socket-ends.cjs';

/** How long after the latest listen() `--port` is given to a server that did not ask for it (ms). */
const SETTLE_MS = 200;

const UNKNOWN_NODE =
  `Node ${process.version} does not let zdlb map listen(): net.Server has no _listen2; ` +
  'choose another version with --node, or run the program as a command: zdlb -- node …';

/** A server of the program that listens privately. */
interface Mapped {
  readonly server: Server;
  readonly claim: Claim;
  readonly door: Door;
  readonly host?: string;
  readonly address: string | undefined;
  readonly ipv6Only: boolean;
  /** Absent for a further address of a port: the front sends everything to the first. */
  readonly privateAddress?: PrivateAddress;
  isAnnounced: boolean;
}

/** The program's servers: where they listen, what they are told about it, and what the front is told. */
export class Ports {
  readonly #settings: AgentSettings;
  readonly #channel: Channel;
  readonly #map: PortMap;
  readonly #servers = new Map<Server, Mapped>();
  #sockets = 0;
  #settling: NodeJS.Timeout | undefined;
  #announcing: NodeJS.Immediate | undefined;

  constructor(settings: AgentSettings, channel: Channel) {
    this.#settings = settings;
    this.#channel = channel;
    this.#map = new PortMap(settings);
  }

  takeOver(): void {
    const hook = {
      beforeListen: (server: Server) => this.#forgetClosed(server),
      onListen: (call: ListenCall) => this.#listen(call),
      onAddress: (server: Server) => this.#tell(server),
    };
    if (!hookListen(hook)) this.#channel.send({ type: 'refused', reason: UNKNOWN_NODE });
  }

  #listen(call: ListenCall): boolean {
    const { address, ipv6Only, isShareable } = call;
    const isHttp = call.server instanceof http.Server;
    const verdict = this.#map.open({
      asked: call.port,
      isHttp,
      ipv6Only,
      isShareable,
      ...(address !== undefined && { address }),
    });
    if (verdict.kind === 'native') return false;
    if (verdict.kind === 'taken') call.failAsTaken();
    else if (verdict.kind === 'refused') this.#refuse(verdict.reason, call);
    else this.#open(call, verdict.claim, verdict.kind === 'claimed');
    return true;
  }

  #open(call: ListenCall, claim: Claim, isFirst: boolean): void {
    const privateAddress = call.listenPrivately(this.#freePath());
    if (privateAddress === undefined) {
      if (isFirst) this.#map.close(claim);
      return;
    }
    const { server, host, address, ipv6Only } = call;
    const mapped: Mapped = {
      server,
      claim,
      door: new Door(server, () => this.#addressOf(mapped), this.#settings.showsClients),
      address,
      ipv6Only,
      ...(host !== undefined && { host }),
      ...(isFirst && { privateAddress }),
      isAnnounced: false,
    };
    this.#servers.set(server, mapped);
    this.#releasePrivate();
    this.#announceSoon();
    this.#settleLater();
  }

  #refuse(reason: string, call: ListenCall): void {
    this.#channel.send({ type: 'refused', reason });
    call.listenPrivately(this.#freePath());
  }

  /** Behind what runs in this turn: code that throws behind its listen(), or in the callback, is not to count as ready. */
  #announceSoon(): void {
    if (this.#announcing !== undefined) return;
    this.#announcing = setImmediate(() => {
      this.#announcing = undefined;
      this.#forgetClosed();
      this.#announce();
    });
  }

  /** Tells the front about every server whose public port is decided. */
  #announce(): void {
    for (const mapped of this.#servers.values()) {
      const { port } = mapped.claim;
      if (typeof port === 'number' && !mapped.isAnnounced) this.#announceOne(mapped, port);
    }
  }

  /** At once, since the program may ask such a server where it listens. */
  #releasePrivate(): void {
    for (const mapped of this.#servers.values()) if (mapped.claim.port === 'private') this.#release(mapped);
  }

  #announceOne(mapped: Mapped, port: number): void {
    const { server, claim, host, ipv6Only, privateAddress } = mapped;
    const isTls = server instanceof tls.Server;
    mapped.isAnnounced = true;
    this.#channel.send({
      type: 'listening',
      asked: claim.asked,
      port,
      ...(host !== undefined && { host }),
      ...(ipv6Only && { ipv6Only }),
      ...(this.#settings.port === 'first' && this.#map.isFirst(claim) && { isFirst: true as const }),
      protocol: claim.isHttp ? 'http' : 'tcp',
      ...(privateAddress !== undefined && {
        door: {
          address: privateAddress,
          secret,
          ...(isTls && { tls: true as const }),
          ...(!this.#settings.showsClients && { hidesClients: true as const }),
        },
      }),
    });
  }

  #settleLater(): void {
    clearTimeout(this.#settling);
    if (!this.#map.isUndecided) return;
    this.#settling = setTimeout(() => {
      this.#forgetClosed();
      this.#map.settle();
      this.#releasePrivate();
      this.#announce();
    }, SETTLE_MS).unref();
  }

  /** A listen(0) that is not the public server after all: it stays as private as it would be natively. */
  #release({ server, door }: Mapped): void {
    door.remove();
    this.#servers.delete(server);
  }

  /** @param reopening a server that listens anew; one that is given a handle says that it listens already */
  #forgetClosed(reopening?: Server): void {
    for (const mapped of this.#servers.values()) {
      if (mapped.server.listening && mapped.server !== reopening) continue;
      if (mapped.privateAddress !== undefined) this.#map.close(mapped.claim);
      this.#release(mapped);
    }
  }

  #tell(server: Server): End | undefined {
    const mapped = this.#servers.get(server);
    if (mapped === undefined) return undefined;
    mapped.claim.isTold = true;
    return this.#addressOf(mapped);
  }

  #addressOf({ claim, privateAddress, address }: Mapped): End {
    const isFirst = privateAddress !== undefined && this.#map.isFirst(claim);
    const named = isFirst ? ipOf(this.#settings.host) : undefined;
    return publicEnd(named ?? address, this.#map.portOf(claim));
  }

  #freePath(): string | undefined {
    const { socketFolder } = this.#settings;
    if (socketFolder === undefined) return undefined;
    // Process ids come again, and a worker that was killed leaves its files behind for a while.
    return join(socketFolder, `${process.pid}-${++this.#sockets}-${randomBytes(4).toString('hex')}.sock`);
  }
}
