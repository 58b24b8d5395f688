/** Nothing can be read in less. */
const NARROWEST = 20;

/** A text in lines of at most `most` characters, between words where there are any; all but the first are indented. */
export function fold(text: string, most: number, indent = ''): readonly string[] {
  const width = Math.max(most, NARROWEST);
  const lines: string[] = [];
  let rest = text;
  while (rest.length > width) {
    const space = rest.lastIndexOf(' ', width);
    const end = space > indent.length ? space : width;
    lines.push(rest.slice(0, end));
    rest = indent + rest.slice(end).trimStart();
  }
  return [...lines, rest];
}
