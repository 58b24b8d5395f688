import type { Socket } from 'node:net';
import { Random } from '../kit/random.js';

/** How bytes travel: cut into the pieces that arrive one by one. */
export interface Delivery {
  readonly name: string;
  cut(text: string): readonly string[];
}

/** Up to this length every byte travels alone; a longer text does so at both ends, where its rules are. */
const LONG = 1_500;
const END = 300;

export const AT_ONCE: Delivery = { name: 'all at once', cut: (text) => (text === '' ? [] : [text]) };

export const ONE_BY_ONE: Delivery = {
  name: 'one by one',
  cut: (text) =>
    text.length <= LONG
      ? pieces(text, () => 1)
      : [
          ...pieces(text.slice(0, END), () => 1),
          ...pieces(text.slice(END, -END), () => 500),
          ...pieces(text.slice(-END), () => 1),
        ],
};

export function inPieces(seed: number): Delivery {
  const random = new Random(seed);
  return {
    name: `in pieces (ZDLB_TEST_SEED=${seed})`,
    cut: (text) => pieces(text, () => 1 + random.below(random.pick([2, 8, 40, 1 + text.length]))),
  };
}

function pieces(text: string, size: () => number): readonly string[] {
  const cut: string[] = [];
  for (let at = 0; at < text.length; at += cut.at(-1)!.length) cut.push(text.slice(at, at + size()));
  return cut;
}

/**
 * Sends the pieces so that each is a read of its own. A write on loopback is readable at once; so when the loop, which both
 * ends share, has polled again, the piece has been read.
 */
export async function deliver(socket: Socket, delivery: Delivery, text: string): Promise<void> {
  for (const piece of delivery.cut(text)) {
    if (!socket.writable) return;
    socket.write(piece, 'latin1');
    await turn();
    await turn();
  }
}

async function turn(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
}
