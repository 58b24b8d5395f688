import type { Server } from 'node:http';
import type { Chronicle } from '../control/chronicle.js';
import { instanceFolder, makeInstanceFolder } from '../control/instance-folder.js';
import { type NameClaim, claimName } from '../control/name-claim.js';
import type { Operations } from '../control/operations.js';
import { controlServer } from '../control/server.js';
import { sweepSockets } from '../control/stale-sockets.js';
import { Deferred } from '../core/deferred.js';
import { ZdlbError, messageOf } from '../core/errors.js';

interface Parts {
  readonly name: string;
  readonly operations: Deferred<Operations>;
  readonly claim?: NameClaim;
  readonly server?: Server;
  readonly missing?: string;
}

/** The door that `zdlb status`, `reload` and the like come by; and with it the instance's name. */
export class ControlSocket {
  /** The one that was wanted, or, if that was taken, with a number behind it. */
  readonly name: string;
  /** Why there is none, where an instance must do without. */
  readonly missing: string | undefined;
  readonly #operations: Deferred<Operations>;
  readonly #claim: NameClaim | undefined;
  readonly #server: Server | undefined;

  private constructor({ name, operations, claim, server, missing }: Parts) {
    this.name = name;
    this.missing = missing;
    this.#operations = operations;
    this.#claim = claim;
    this.#server = server;
  }

  /**
   * Opens it under `name`. Without a folder for it (a read-only file system, say) zdlb serves all the same, unless the user has
   * named one.
   *
   * @param isChosen whether the user gave the name
   * @throws {ZdlbError} `start`
   */
  static async open(name: string, isChosen: boolean, chronicle: Chronicle): Promise<ControlSocket> {
    const folder = instanceFolder(process.env);
    const operations = new Deferred<Operations>();
    try {
      makeInstanceFolder(folder);
    } catch (error) {
      if (folder.isNamed) throw new ZdlbError('start', messageOf(error), { cause: error });
      return new ControlSocket({ name, operations, missing: messageOf(error) });
    }
    const server = controlServer(operations.promise, chronicle);
    await sweepSockets(folder.path);
    const claim = await claimName(server, folder.path, name, isChosen);
    return new ControlSocket({ name: claim.name, operations, claim, server });
  }

  /** Answers from now on. */
  serve(operations: Operations): void {
    this.#operations.resolve(operations);
  }

  /** Gives the name up; connections stay until the process ends, which is what they may wait for. */
  close(): void {
    this.#claim?.release();
  }

  /** The same, where the process goes on: closes the connections too. */
  end(): void {
    this.close();
    this.#server?.close();
    this.#server?.closeAllConnections();
  }
}
