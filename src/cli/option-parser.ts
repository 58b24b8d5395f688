import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import yargs from 'yargs';
import { ZdlbError, messageOf } from '../core/errors.js';

/** A parser of options that takes them as they are written: no names and no types but those that it is told. */
export type OptionParser = ReturnType<typeof optionParser>;

/** @param configuration what else the parser is to do, in the words of yargs */
export function optionParser(configuration: Readonly<Record<string, boolean>> = {}) {
  // The folder is where it would look for a package.json; the one in which zdlb was started may be gone.
  return yargs([], dirname(fileURLToPath(import.meta.url)))
    .scriptName('zdlb')
    .parserConfiguration({
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'boolean-negation': false,
      'strip-aliased': true,
      ...configuration,
    })
    .help(false)
    .version(false)
    .exitProcess(false)
    .updateStrings({ 'Not enough arguments following: %s': 'No value for --%s: it wants one' })
    .fail((message) => {
      throw new ZdlbError('usage', message);
    });
}

/**
 * The options in `argv` by their names, also those that there are not, and the words behind them as `_`.
 *
 * @throws {ZdlbError} `usage`
 */
export function parsed(parser: OptionParser, argv: readonly string[]): Record<string, unknown> {
  try {
    const { $0: _program, ...told } = parser.parseSync([...argv]);
    return told;
  } catch (error) {
    if (error instanceof ZdlbError) throw error;
    // Names such as --constructor trip the parser itself.
    throw new ZdlbError('usage', `Cannot understand the options: ${messageOf(error)}`, { cause: error });
  }
}

/** The text in which a parser describes its options. */
export function described(parser: OptionParser): string {
  let text = '';
  parser.showHelp((help) => {
    text = help;
  });
  return text;
}

/** A name that the parser took for an option's, as it was written. */
export const dashed = (name: string) => (name.length === 1 ? `-${name}` : `--${name}`);
