import { readFileSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { byDefault, options, parseConfig } from '../../../src/core/config.js';

/** A row of an option in a hand-written table of the docs. */
interface Row {
  readonly page: string;
  readonly option: string;
  readonly key: string;
  /** Undefined, where the table does not tell. */
  readonly byDefault: string | undefined;
}

const CELL = /(?<!\\)\|/;
const plain = (cell: string) => cell.trim().replaceAll(/\\(?=\|)|`/g, '');
const cellsOf = (line: string) => line.split(CELL).slice(1, -1).map(plain);

/** The rows of all tables that have the columns `option` and `in the file`. */
function rowsOf(page: string): readonly Row[] {
  let columns: readonly string[] = [];
  return readFileSync(`docs/${page}`, 'utf8')
    .split('\n')
    .flatMap((line) => {
      if (!line.startsWith('|')) columns = [];
      else if (columns.length === 0) columns = cellsOf(line);
      else {
        const [option, key, at] = ['option', 'in the file', 'default'].map((name) => columns.indexOf(name));
        const cells = cellsOf(line);
        const name = cells[key!] ?? '';
        if (options.has(name)) return [{ page, option: cells[option!]!, key: name, byDefault: cells[at!] }];
      }
      return [];
    });
}

const rows = readdirSync('docs')
  .filter((page) => page !== 'options.md')
  .flatMap(rowsOf);
const kebab = (key: string) => key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** Whether the docs' words for a default are the schema's, or say the same value in another way (`60s` and `1m`). */
function isDefault(key: string, written: string): boolean {
  if (written === byDefault(key) || byDefault(key).startsWith(written)) return true;
  try {
    const { [key as 'port']: value } = parseConfig({ [key]: written }, 'config', String);
    const { [key as 'port']: wanted } = parseConfig({}, 'config', String);
    return value === wanted;
  } catch {
    return false;
  }
}

test.each(rows)('docs/$page: $option stands there as in the schema', ({ option, key, byDefault: written }) => {
  const { alias, argument } = options.get(key)!;
  const wanted = [...(alias === undefined ? [] : [`-${alias}`]), `--${kebab(key)}`].join(', ');
  expect(option).toBe(argument === undefined ? wanted : `${wanted} ${argument}`);
  expect(written === undefined || isDefault(key, written), `${written} is not ${byDefault(key)}`).toBe(true);
});

test.each([...options.keys()])('%s: stands in a table of a page that tells of it', (key) => {
  expect(rows.map((row) => row.key)).toContain(key);
});
