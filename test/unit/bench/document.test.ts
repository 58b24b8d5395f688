import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { replaced } from '../../../bench/document.js';

test('replaces what stands between the marks, and nothing else', () => {
  const document = 'before\n\n<!-- bench:begin -->\n\nold\n\n<!-- bench:end -->\n\nafter\n';
  expect(replaced(document, 'new\n')).toBe('before\n\n<!-- bench:begin -->\n\nnew\n\n<!-- bench:end -->\n\nafter\n');
  expect(replaced(replaced(document, 'new'), 'old')).toBe(document);
});

test.each(['no marks', '<!-- bench:end --> <!-- bench:begin -->', '<!-- bench:begin -->'])('refuses %j', (document) => {
  expect(() => replaced(document, 'new')).toThrow('Cannot write the tables');
});

test('docs/benchmarks.md has the marks', () => {
  const document = readFileSync(new URL('../../../docs/benchmarks.md', import.meta.url), 'utf8');
  expect(replaced(document, 'new')).toContain('\n\nnew\n\n');
});
