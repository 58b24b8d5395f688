import { readFileSync, readdirSync } from 'node:fs';

/** A command that a page of the docs tells its readers to type. */
export interface Command {
  readonly page: string;
  readonly line: number;
  readonly text: string;
  /** What the page says that it prints. */
  readonly output: string;
}

/** A block of code: where it begins, and in what language it is; an indented one is shell. */
export interface Block {
  readonly page: string;
  readonly line: number;
  readonly language: string;
  readonly lines: readonly string[];
}

const FENCE = /^\s*```\s*(\S*)/;
const INDENTED = /^ {4}(?! *(?:[-*]|\d+\.) )/;
const SHELLS: ReadonlySet<string> = new Set(['sh', 'bash', 'shell', 'console']);
const PROMPT = '$ ';

/** The pages that users read. What a bench says of its own run has no commands. */
export const PAGES: readonly string[] = ['README.md', ...readdirSync('docs').map((name) => `docs/${name}`)].filter(
  (page) => page.endsWith('.md'),
);

/** All blocks of a page, in their order. */
export function blocksOf(page: string, text: string = readFileSync(page, 'utf8')): readonly Block[] {
  const blocks: Block[] = [];
  let lines: string[] | undefined;
  let isFenced = false;
  const begin = (language: string, line: number) => {
    lines = [];
    blocks.push({ page, line, language, lines });
  };
  for (const [at, line] of text.split('\n').entries()) {
    const [fence, language = ''] = FENCE.exec(line) ?? [];
    if (fence !== undefined && isFenced) [isFenced, lines] = [false, undefined];
    else if (fence !== undefined) {
      isFenced = true;
      begin(language, at + 2);
    } else if (isFenced) lines!.push(line);
    else if (!INDENTED.test(line)) lines = undefined;
    else {
      if (lines === undefined) begin('sh', at + 1);
      lines!.push(line.slice(4));
    }
  }
  return blocks;
}

/** The commands of a page, in their order. In a `console` block they stand behind `$`, with what they print below. */
export function commandsOf(page: string, text?: string): readonly Command[] {
  return blocksOf(page, text)
    .filter(({ language }) => SHELLS.has(language))
    .flatMap((block) => (block.language === 'console' ? dialogue(block) : script(block)));
}

function script({ page, line, lines }: Block): readonly Command[] {
  const commands: Command[] = [];
  let begun = '';
  for (const [at, text] of lines.entries()) {
    begun += text.trim();
    if (begun.endsWith('\\')) begun = `${begun.slice(0, -1).trim()} `;
    else {
      if (begun !== '' && !begun.startsWith('#')) commands.push({ page, line: line + at, text: begun, output: '' });
      begun = '';
    }
  }
  return commands;
}

function dialogue({ page, line, lines }: Block): readonly Command[] {
  const starts = lines.flatMap((text, at) => (text.startsWith(PROMPT) ? [at] : []));
  return starts.map((start, index) => ({
    page,
    line: line + start,
    text: lines[start]!.slice(PROMPT.length),
    output: lines.slice(start + 1, starts[index + 1]).join('\n'),
  }));
}
