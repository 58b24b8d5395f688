/**
 * Tells the user a line or more, and that all went well: the exit code.
 *
 * It stands alone, since the front says something as well: whatever talks to a running instance takes some 70 ms and 16 MB to load (undici).
 */
export function say(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}
