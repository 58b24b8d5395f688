/**
 * What to say of an option that there is not.
 *
 * @param written as it stands on the command line or in the file
 * @param known the names that there are
 * @param format shows the one that may be meant as the reader would write it
 */
export function unknownOption(
  written: string,
  key: string,
  known: readonly string[],
  format: (known: string) => string,
): string {
  const meant = nearest(key, known) ?? known.find((name) => isCutShort(key, name));
  return `Unknown option ${written}${meant === undefined ? '' : `; did you mean ${format(meant)}?`}`;
}

/** `pid` for `pidFile`: too far away by letters, and yet the beginning. */
const isCutShort = (word: string, name: string) => word.length >= 3 && name.startsWith(word);

/** The word of `known` that is nearest to `word`, when one is near enough to be meant. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const most = Math.max(1, Math.min(3, Math.floor(word.length / 2)));
  let best: string | undefined;
  let least = most + 1;
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

/** The Levenshtein distance of two short words. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length]!;
}
