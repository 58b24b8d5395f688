/** Answers tell whole seconds; less than this apart, the clocks are taken for the same. In milliseconds. */
const SAME_MS = 2_000;

/**
 * How far the clock here is ahead of the server's; not known before its first answer.
 *
 * @type {number | undefined}
 */
let ahead;

/**
 * Compares the clocks, once: all that the page tells happened by the server's, and is so long ago as that one says.
 *
 * @param {Response} answer
 */
export function compareClocks(answer) {
  const time = Date.parse(answer.headers.get('date') ?? '');
  if (ahead !== undefined || Number.isNaN(time)) return;
  const difference = Date.now() - time;
  ahead = Math.abs(difference) > SAME_MS ? difference : 0;
}

/** What time it is where zdlb runs, in milliseconds since 1970. */
export const serverNow = () => Date.now() - (ahead ?? 0);
