import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Random } from './random.js';

/** How bytes are cut into pieces that arrive one by one. */
export type Cutting = (bytes: Buffer) => readonly Buffer[];

/** In one piece; byte by byte; at random. */
export const cuttings = (random: Random): Readonly<Record<string, Cutting>> => ({
  'at once': (bytes) => [bytes],
  'byte by byte': (bytes) => Array.from(bytes, (_, index) => bytes.subarray(index, index + 1)),
  'in random pieces': (bytes) => pieces(bytes, random),
});

/** At most a dozen pieces. */
export function pieces(bytes: Buffer, random: Random): readonly Buffer[] {
  const cuts = Array.from({ length: random.below(12) }, () => random.below(bytes.length + 1)).sort((a, b) => a - b);
  return [0, ...cuts].map((start, index) => bytes.subarray(start, cuts[index] ?? bytes.length));
}

/** Sends pieces one by one, as long as the other side takes them. In this process each is read before the next one is sent. */
export async function sendPieces(socket: Socket, parts: readonly Buffer[]): Promise<void> {
  for (const part of parts) {
    if (!socket.writable) return;
    socket.write(part);
    if (parts.length > 1) await nextTurn();
  }
}
