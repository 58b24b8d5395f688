import { type Stats, lstatSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ZdlbError, messageOf } from '../core/errors.js';

/** Others than the owner must not be able to do anything there. */
const OTHERS = 0o077;
const ROOT = 0;

/** Where the control sockets of a user's instances are. */
export interface InstanceFolder {
  readonly path: string;
  /** Whether the user has named it (`ZDLB_HOME`), and not the system. */
  readonly isNamed: boolean;
}

/** `$ZDLB_HOME`, else `$XDG_RUNTIME_DIR/zdlb`, else `/run/zdlb` for root, else a folder of the user's under the temporary one. */
export function instanceFolder(env: NodeJS.ProcessEnv, uid = process.getuid?.() ?? ROOT): InstanceFolder {
  const { ZDLB_HOME: named, XDG_RUNTIME_DIR: runtime } = env;
  if (named !== undefined && named !== '') return { path: named, isNamed: true };
  if (runtime !== undefined && runtime !== '') return { path: join(runtime, 'zdlb'), isNamed: false };
  return { path: uid === ROOT ? '/run/zdlb' : join(tmpdir(), `zdlb-${uid}`), isNamed: false };
}

/**
 * Makes the folder, if it is not there yet. It must be this user's own, closed to all others and no link: whoever could put
 * a socket there could pass for an instance.
 *
 * @throws {Error} that says what is wrong with it
 */
export function makeInstanceFolder({ path }: InstanceFolder, uid = process.getuid?.() ?? ROOT): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new Error(`Cannot make the folder for control sockets ${path}: ${messageOf(error)}`, { cause: error });
  }
  const wrong = complaintAbout(lstatSync(path), uid);
  if (wrong !== undefined) throw new Error(`Cannot use ${path} for control sockets: ${wrong}`);
}

/**
 * Whether there is such a folder. Who asks an instance looks too: another user may have put something in its place.
 *
 * @throws {ZdlbError} `foreign`, that says what is wrong with it
 */
export function hasInstanceFolder(path: string, uid = process.getuid?.() ?? ROOT): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  const wrong = stats && complaintAbout(stats, uid);
  if (wrong !== undefined) throw new ZdlbError('foreign', `Cannot look for instances in ${path}: ${wrong}`);
  return stats !== undefined;
}

/** What is wrong with a control socket, for this user to talk to it. */
export function complaintAboutSocket(path: string, uid = process.getuid?.() ?? ROOT): string | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats?.isSymbolicLink() === true) return 'it is a symbolic link';
  return stats === undefined || stats.uid === uid ? undefined : ownedBy(stats.uid);
}

/** Root may look everywhere, but is not asked to trust what it finds there. */
const ownedBy = (uid: number) => `it belongs to the user ${uid}. Be that user: sudo -u '#${uid}' zdlb …`;

function complaintAbout(stats: Stats, uid: number): string | undefined {
  if (stats.isSymbolicLink()) return 'it is a symbolic link';
  if (!stats.isDirectory()) return 'it is no folder';
  if (stats.uid !== uid) return ownedBy(stats.uid);
  if ((stats.mode & OTHERS) !== 0) return 'others may enter it. chmod 700 would close it';
  return undefined;
}
