import type { WriteStream } from 'node:tty';
import type { Refusal } from '../control/client.js';
import { fold } from './fold.js';
import { sizeOf } from './live-block.js';
import { complaint } from './say.js';

/** What has to have room beside them: the command above, the prompt below, and what was left out. */
const OTHER_ROWS = 3;
const INDENT = '  ';

/**
 * What failed and why, then the last words of the worker that did. On a terminal no more of these than fit on it: what failed is to be
 * seen without scrolling, and the log has all of them.
 */
export function failureLines(
  { message, lastLines }: Refusal,
  out: Pick<WriteStream, 'isTTY' | 'columns' | 'rows'>,
): readonly string[] {
  if (!out.isTTY) return complaint(message, lastLines);
  const { columns, rows } = sizeOf(out);
  const reason = fold(`zdlb: ${message}`, columns - 1, INDENT);
  const words = lastLines.map((line) => fold(INDENT + line, columns - 1, INDENT));
  const fitting = lastThatFit(words, rows - OTHER_ROWS - reason.length);
  const missing = words.length - fitting.length;
  const note = missing === 0 ? [] : [`${INDENT}(${missing} lines above these are in zdlb logs)`];
  return [...reason, ...note, ...fitting.flat()];
}

function lastThatFit(words: readonly (readonly string[])[], rows: number): readonly (readonly string[])[] {
  let left = rows;
  let first = words.length;
  while (first > 0 && words[first - 1]!.length <= left) left -= words[--first]!.length;
  return words.slice(first);
}
