import { readFileSync } from 'node:fs';
import { type Node, type ParseError, getNodeValue, parseTree, printParseErrorCode } from 'jsonc-parser';
import type { ConfigInput } from '../core/config.js';
import { ZdlbError, systemCode, whyUnreadable } from '../core/errors.js';

/** What a configuration file says. */
export interface FileContent {
  readonly settings: ConfigInput;
  /** Of the file's own: what is wrong with the settings is found by whoever knows them. */
  readonly mistakes: readonly string[];
}

/**
 * Reads a configuration file.
 *
 * @throws {ZdlbError} `config`, when there is none in it
 */
export function readConfigFile(file: string): FileContent {
  const text = contentOf(file);
  const tree = treeOf(file, text);
  const content: unknown = getNodeValue(tree); // without a prototype: __proto__ is a key like others
  if (tree.type !== 'object') throw unreadable(file, `met ${JSON.stringify(content)}, wanted an object`);
  const mistakes = repeatedKeys(tree).map(
    ({ value, offset }) => `${value} in ${file} stands there twice: ${place(text, offset)} repeats it`,
  );
  return { settings: content as ConfigInput, mistakes };
}

/**
 * What a file of JSON, comments and trailing commas allowed, says.
 *
 * @throws {ZdlbError} `config`, naming every mistake and its line
 */
export function readJson(file: string): unknown {
  return getNodeValue(treeOf(file, contentOf(file)));
}

/** @throws {ZdlbError} `config` */
function treeOf(file: string, text: string): Node {
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, { allowTrailingComma: true });
  if (tree !== undefined && errors.length === 0) return tree;
  // What is missing at one place is missing in several ways; the first is the one that was to come next.
  const first = errors.filter(({ offset }, at) => errors.findIndex((other) => other.offset === offset) === at);
  const mistakes = first.map((error) => `${place(text, error.offset)}: ${inWords(error)}`);
  throw unreadable(file, mistakes.join('; '));
}

/** A key of an object, as it stands in the file. */
type Key = Node & { readonly value: string };

/** Keys that their object has already: of two, one would be passed over without a word. */
function repeatedKeys({ type, children = [] }: Node): readonly Key[] {
  const known = new Set<string>();
  const keys = type === 'object' ? children.map((property) => property.children![0] as Key) : [];
  return [...keys.filter(({ value }) => known.size === known.add(value).size), ...children.flatMap(repeatedKeys)];
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    throw unreadable(file, systemCode(error) === 'ENOENT' ? 'no such file' : whyUnreadable(error), error);
  }
}

/** As editors count: lines and columns from 1. */
function place(text: string, offset: number): string {
  const lines = text.slice(0, offset).split('\n');
  return `line ${lines.length}, column ${lines.at(-1)!.length + 1}`;
}

/** `PropertyNameExpected` is "property name expected". */
function inWords({ error }: ParseError): string {
  return printParseErrorCode(error)
    .replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter}`)
    .toLowerCase();
}

function unreadable(file: string, reason: string, cause?: unknown): ZdlbError {
  return new ZdlbError('config', `Cannot read the configuration ${file}: ${reason}`, { cause });
}
