/**
 * Tells the user a line or more, and that all went well: the exit code.
 *
 * It stands alone, since the front says something as well: whatever talks to a running instance takes some 70 ms and 16 MB to load (undici).
 */
export function say(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}

/** Lines that tell what failed and why, and what the worker said last that did. */
export const complaint = (message: string, lastLines: readonly string[]): readonly string[] => [
  `zdlb: ${message}`,
  ...lastLines.map((line) => `  ${line}`),
];
