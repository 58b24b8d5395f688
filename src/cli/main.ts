import { ZdlbError, detailsOf, exitCode, reportOf } from '../core/errors.js';
import { nearest } from '../core/suggestion.js';
import { COMPLETE } from './complete.js';
import { assertNoVerbMeant } from './misspelling.js';
import { complaint } from './say.js';

/** Verbs, each with the function that carries it out and gives the exit code; loaded when it is asked for. */
type Verbs = Readonly<Record<string, () => Promise<Verb>>>;

/** Those that talk to running instances, and take `--json`. */
const TALKING: Verbs = {
  reload: async () => (await import('./reload.js')).reload,
  status: async () => (await import('./status.js')).status,
  ls: async () => (await import('./ls.js')).ls,
  scale: async () => (await import('./scale.js')).scale,
  pause: async () => (await import('./pause.js')).pause,
  resume: async () => (await import('./resume.js')).resume,
  rollback: async () => (await import('./rollback.js')).rollback,
  logs: async () => (await import('./logs.js')).logs,
  stop: async () => (await import('./stop.js')).stop,
};

/** All of them. */
export const VERBS: Verbs = {
  run: async () => (await import('./run.js')).run,
  start: async () => (await import('./start.js')).start,
  check: async () => (await import('./check.js')).check,
  completion: async () => (await import('./completion.js')).completion,
  init: async () => (await import('./init.js')).init,
  migrate: async () => (await import('./migrate.js')).migrate,
  ...TALKING,
};

/** @param takeEarlyReload takes over SIGUSR2; true when it came while the program was loading */
export type Verb = (argv: readonly string[], takeEarlyReload: () => boolean) => Promise<number>;

/** Carries out what the command line says, and ends the process with the exit code of that. */
export async function main(argv: readonly string[], takeEarlyReload: () => boolean): Promise<void> {
  process.exit(await outcome(carryOut(argv, takeEarlyReload), asksForJson(argv)));
}

/** Carries out the verb that is named, `run` when none is. */
export async function carryOut(argv: readonly string[], takeEarlyReload: () => boolean): Promise<number> {
  const [first = '', ...rest] = argv;
  if (first === COMPLETE) return complete(rest.slice(1));
  if (first === 'help') return help(rest[0] ?? 'run');
  if (Object.hasOwn(VERBS, first)) return (await VERBS[first]!())(rest, takeEarlyReload);
  await assertNoVerbMeant(first, Object.keys(VERBS));
  return (await VERBS['run']!())(argv, takeEarlyReload);
}

/** Answers a shell that completes a command line. */
async function complete(words: readonly string[]): Promise<number> {
  const { candidatesFor } = await import('./candidates.js');
  const line = words.filter((word) => word !== '='); // which bash takes for a word of its own
  const candidates = await candidatesFor(line, Object.keys(VERBS));
  if (typeof candidates === 'string') return (await VERBS[candidates]!())([COMPLETE], () => false);
  for (const candidate of candidates) process.stdout.write(`${candidate}\n`);
  return 0;
}

/** @throws {ZdlbError} `usage` */
async function help(word: string): Promise<number> {
  if (Object.hasOwn(VERBS, word)) return (await VERBS[word]!())(['--help'], () => false);
  const verb = nearest(word, Object.keys(VERBS));
  const meant = verb === undefined ? 'zdlb help names all' : `Did you mean zdlb ${verb}?`;
  throw new ZdlbError('usage', `There is no verb ${word}. ${meant}`);
}

/** A line that can't be understood asks for it as well. What stands behind a script is none of zdlb's business. */
function asksForJson([verb = '', ...words]: readonly string[]): boolean {
  return Object.hasOwn(TALKING, verb) && words.some((word) => word === '--json' || word === '--json=true');
}

async function outcome(result: Promise<number>, isForMachines: boolean): Promise<number> {
  try {
    return await result;
  } catch (error) {
    const details = detailsOf(error);
    if (isForMachines) tell(process.stdout, JSON.stringify({ error: details }));
    tell(process.stderr, complaint(reportOf(error), details.lastLines).join('\n'));
    return exitCode(error);
  }
}

/** Whoever has gone can't be told. */
function tell(stream: NodeJS.WriteStream, line: string): void {
  stream.on('error', () => {});
  stream.write(`${line}\n`);
}
