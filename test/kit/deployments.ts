/** Code that is put on disk for a reload: the program as it is, or one that misbehaves in one way. */
export interface Deployment {
  readonly name: string;
  /** Whether a reload lets it take over, if nobody kills its workers. */
  readonly isGood: boolean;
  /** That code, made of a program (CommonJS). */
  readonly of: (program: string) => string;
}

const SLOW_MS = 500;
/** Stays in its worker's process group and holds on to its output, and only SIGKILL ends it. */
const STUBBORN_CHILD = `require('node:child_process').spawn('sh', ['-c', "trap '' TERM; while :; do sleep 1; done"], { stdio: 'inherit' });`;

const preceded = (line: string) => (program: string) => `${line}\n${program}`;

export const GOOD: Deployment = { name: 'good', isGood: true, of: (program) => program };

/** One of each kind. */
export const DEPLOYMENTS: readonly Deployment[] = [
  GOOD,
  { name: 'broken', isGood: false, of: preceded(`throw new Error('this version is broken');`) },
  { name: 'slow to be ready', isGood: true, of: (program) => `setTimeout(() => {\n${program}\n}, ${SLOW_MS});` },
  {
    name: 'crashing while it retires',
    isGood: true,
    of: preceded(`process.on('SIGTERM', () => { throw new Error('crashed while retiring'); });`),
  },
  { name: 'deaf to SIGTERM', isGood: true, of: preceded(`process.on('SIGTERM', () => {});`) },
  { name: 'leaving a child behind', isGood: true, of: preceded(STUBBORN_CHILD) },
];
