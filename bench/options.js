// @ts-check
import { parseArgs } from 'node:util';
import { contestants } from './contestants/contestants.js';
import { IDLE, loads } from './loads.js';
import { installed } from './program.js';

export const USAGE = `npm run bench -- [options]

  --rounds N     how often everybody takes a turn at a load, in an order that rotates (5)
  --seconds N    how long a turn is (2)
  --only A,B     these only, of: ${contestants.map(({ name }) => name).join(' ')}
  --loads A,B    these only, of: ${[...loads.map(({ name }) => name), IDLE].join(' ')}
  --load NAME    the load generator, autocannon or wrk (autocannon)
  --quick        one round of 1 s: does it work? The figures mean little
  --write        put the tables into docs/benchmarks.md; only for a whole run
`;

/**
 * @typedef {object} Options
 * @property {number} rounds
 * @property {number} seconds
 * @property {readonly import('./contestants/contestant.js').Contestant[]} contestants
 * @property {readonly import('./loads.js').Load[]} loads
 * @property {boolean} idle whether the memory of idle connections is measured
 * @property {'autocannon' | 'wrk'} generator
 * @property {boolean} write
 */

/** A command line that cannot be used. */
export class UsageError extends Error {}

/**
 * @param {readonly string[]} args
 * @returns {Options | undefined} nothing when only help was asked for
 * @throws {UsageError}
 */
export function parseOptions(args) {
  const { rounds, seconds, only, loads: chosen, load, quick, write, help } = parse(args);
  if (help) return undefined;
  if (write && (quick || only !== undefined || chosen !== undefined))
    throw new UsageError('Cannot write the tables of a part: leave out --quick, --only and --loads');
  const names = listed('--loads', chosen, [...loads.map(({ name }) => name), IDLE]);
  const contenders = listed(
    '--only',
    only,
    contestants.map(({ name }) => name),
  );
  return {
    rounds: positive('--rounds', rounds ?? (quick ? '1' : '5')),
    seconds: positive('--seconds', seconds ?? (quick ? '1' : '2')),
    contestants: contestants.filter(({ name }) => contenders.has(name)),
    loads: loads.filter(({ name }) => names.has(name)),
    idle: names.has(IDLE),
    generator: generator(load),
    write,
  };
}

/** @param {readonly string[]} args */
function parse(args) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        rounds: { type: 'string' },
        seconds: { type: 'string' },
        only: { type: 'string' },
        loads: { type: 'string' },
        load: { type: 'string', default: 'autocannon' },
        quick: { type: 'boolean', default: false },
        write: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** @param {string} option @param {string} text */
function positive(option, text) {
  if (!/^[1-9]\d{0,3}$/.test(text))
    throw new UsageError(`Bad value for ${option}: met ${text}, wanted a whole number from 1 to 9999`);
  return Number(text);
}

/** @param {string} option @param {string | undefined} text @param {readonly string[]} known */
function listed(option, text, known) {
  if (text === undefined) return new Set(known);
  const names = text.split(',');
  const stranger = names.find((name) => !known.includes(name));
  if (stranger !== undefined)
    throw new UsageError(`Bad value for ${option}: met ${stranger || 'nothing'}, wanted some of ${known.join(', ')}`);
  return new Set(names);
}

/** @param {string} name @returns {'autocannon' | 'wrk'} */
function generator(name) {
  if (name !== 'autocannon' && name !== 'wrk')
    throw new UsageError(`Bad value for --load: met ${name}, wanted autocannon or wrk`);
  if (name === 'wrk' && installed('wrk') === undefined)
    throw new UsageError('Cannot load with wrk: it is not installed');
  return name;
}
