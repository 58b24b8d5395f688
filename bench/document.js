// @ts-check
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FILE = fileURLToPath(new URL('../docs/benchmarks.md', import.meta.url));
const BEGIN = '<!-- bench:begin -->';
const END = '<!-- bench:end -->';

/** Puts a text between the two marks of docs/benchmarks.md. @param {string} text */
export function writeDocument(text) {
  writeFileSync(FILE, replaced(readFileSync(FILE, 'utf8'), text));
  return FILE;
}

/** @param {string} document @param {string} text */
export function replaced(document, text) {
  const begin = document.indexOf(BEGIN);
  const end = document.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`Cannot write the tables: wanted ${BEGIN} and then ${END}`);
  return `${document.slice(0, begin)}${BEGIN}\n\n${text.trim()}\n\n${document.slice(end)}`;
}
