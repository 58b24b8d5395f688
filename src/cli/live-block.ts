import type { WriteStream } from 'node:tty';
import { stripVTControlCharacters } from 'node:util';
import { counted } from '../core/counted.js';

/** Up by so many lines, to the first column, and everything from there on cleared. */
const back = (lines: number) => `${lines > 0 ? `\u001B[${lines}A` : ''}\r\u001B[0J`;

/** Some lines at the end of a terminal that are drawn anew in their place. They never wrap and never scroll. */
export class LiveBlock {
  readonly #terminal: WriteStream;
  #height = 0;

  constructor(terminal: WriteStream) {
    this.#terminal = terminal;
  }

  /** Draws `lines` over those that were drawn last, as far as they fit on the screen; else it says how many do not. */
  draw(lines: readonly string[]): void {
    const { columns, rows } = sizeOf(this.#terminal);
    const shown = fitting(lines, Math.max(1, rows - 1)).map((line) => cut(line, columns - 1));
    this.#terminal.write(back(this.#height) + shown.map((line) => `${line}\n`).join(''));
    this.#height = shown.length;
  }

  erase(): void {
    this.draw([]);
  }
}

/** Some terminals don't know how large they are, and say 0. */
export function sizeOf({ columns, rows }: Pick<WriteStream, 'columns' | 'rows'>): { columns: number; rows: number } {
  return { columns: columns > 0 ? columns : 80, rows: rows > 0 ? rows : 24 };
}

function fitting(lines: readonly string[], most: number): readonly string[] {
  if (lines.length <= most) return lines;
  const shown = lines.slice(0, most - 1);
  return [...shown, `… ${counted(lines.length - shown.length, 'more line')}`];
}

/** A line that is too long loses its colours with its end. */
function cut(line: string, width: number): string {
  const plain = stripVTControlCharacters(line);
  return plain.length <= width ? line : `${plain.slice(0, width - 1)}…`;
}
