import { afterAll, beforeAll, onTestFinished } from 'vitest';

type End = () => unknown;

/** Where ends go while something is made that several tests share. */
let shares: End[] | undefined;

/** Calls `end` when the test is over, or, for what several share, when the last of them is. */
export function atEnd(end: End): void {
  if (shares === undefined) onTestFinished(async () => void (await end()));
  else shares.push(end);
}

/** Makes something once for all tests of a file, or of a `describe`. */
export function shared<T>(make: () => Promise<T>): () => T {
  const ends: End[] = [];
  let made: T | undefined;
  beforeAll(async () => {
    shares = ends;
    made = await make().finally(() => (shares = undefined));
  });
  afterAll(async () => {
    for (const end of ends.toReversed()) await end();
  });
  return () => made!;
}
