import { readFileSync } from 'node:fs';
import { type ParseError, parse, printParseErrorCode } from 'jsonc-parser';
import type { ConfigInput } from '../core/config.js';
import { ZdlbError, messageOf, systemCode } from '../core/errors.js';

/**
 * The settings in a configuration file.
 *
 * @throws {ZdlbError} `config`
 */
export function readConfigFile(file: string): ConfigInput {
  const content = readJson(file);
  if (typeof content === 'object' && content !== null && !Array.isArray(content)) return content as ConfigInput;
  throw unreadable(file, `met ${JSON.stringify(content)}, wanted an object`);
}

/**
 * What a file of JSON, comments and trailing commas allowed, says.
 *
 * @throws {ZdlbError} `config`, naming every mistake and its line
 */
export function readJson(file: string): unknown {
  const errors: ParseError[] = [];
  const text = contentOf(file);
  const content: unknown = parse(text, errors, { allowTrailingComma: true });
  // What is missing at one place is missing in several ways; the first is the one that was to come next.
  const first = errors.filter(({ offset }, at) => errors.findIndex((other) => other.offset === offset) === at);
  const mistakes = first.map((error) => `${place(text, error.offset)}: ${inWords(error)}`);
  if (mistakes.length > 0) throw unreadable(file, mistakes.join('; '));
  return content;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
};

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    throw unreadable(file, REASONS[systemCode(error) ?? ''] ?? messageOf(error), error);
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
