import type { Message } from './reading.js';

/** The trailers of a whole body in chunks, as the relay writes them. */
export function trailersOf(chunks: string): Message['trailers'] {
  const size = /([0-9a-f]+)\r\n/y;
  for (;;) {
    const length = Number.parseInt(size.exec(chunks)![1]!, 16);
    if (length === 0) return linesOf(chunks.slice(size.lastIndex));
    size.lastIndex += length + 2;
  }
}

function linesOf(section: string): Message['trailers'] {
  const lines = section.split('\r\n').slice(0, -2);
  return lines.map((line) => {
    const colon = line.indexOf(': ');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 2)];
  });
}
