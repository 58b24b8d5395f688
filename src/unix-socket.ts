import { once } from 'node:events';
import { lstatSync } from 'node:fs';
import { connect } from 'node:net';
import { systemCode } from './core/errors.js';

/**
 * Whether somebody listens at the path of a Unix socket. Who lacks the permission to connect, or meets a full queue, finds that
 * there is somebody.
 */
export async function isListening(path: string): Promise<boolean> {
  const socket = connect({ path });
  try {
    await once(socket, 'connect');
    return true;
  } catch (error) {
    return !['ECONNREFUSED', 'ENOENT'].includes(systemCode(error) ?? '');
  } finally {
    socket.destroy();
  }
}

/** Whether there is a socket, dead or alive; a link to one is none. */
export function isSocket(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true;
}

/** What tells a file from another one in its place: an inode's number is not given away as long as the socket is open. */
export function inodeOf(path: string): string | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats && `${stats.dev}:${stats.ino}`;
}
