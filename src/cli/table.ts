const GAP = '  ';

/** Lines in columns as wide as their widest word; words to the left, numbers to the right. */
export function columns(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  const isNumeric = head.map((_, column) => rows.every((row) => /^[-\d]/.test(row[column]!)));
  const line = (words: readonly string[]) =>
    words
      .map((word, column) => (isNumeric[column] ? word.padStart(widths[column]!) : word.padEnd(widths[column]!)))
      .join(GAP)
      .trimEnd();
  return [line(head), ...rows.map(line)];
}
