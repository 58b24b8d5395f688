import { option } from './option.js';
import {
  SIZES,
  TEXT,
  TEXTS,
  type WrittenSize,
  bytes,
  durationOrOff,
  either,
  flag,
  numberOr,
  oneOf,
  orOff,
  positiveDuration,
  text,
  texts,
  value,
  wholeNumber,
} from './values.js';

const PATH = /^\/[\x21-\x7e]*$/;

/** The options of supervision: what makes a worker ready, when it is replaced, and how a reload goes. */
export const supervisionOptions = {
  backend: option(oneOf('proxy', 'cluster').default('proxy'), {
    argument: 'proxy|cluster',
    description: 'private ports behind the front, or connections handed over to the workers as node:cluster does',
  }),
  health: option(
    value('a path such as /healthz', (raw) => (PATH.test(String(raw)) ? String(raw) : undefined), {
      type: 'string',
      pattern: PATH.source,
    }).optional(),
    {
      argument: 'PATH',
      description: 'a worker is ready only once GET PATH answers 2xx; probed on afterwards',
      otherwise: 'none',
    },
  ),
  healthInterval: option(positiveDuration().default(5_000), {
    argument: 'T',
    description: 'how long after one probe the next begins',
  }),
  healthTimeout: option(positiveDuration().default(2_000), {
    argument: 'T',
    description: 'how long an answer to a probe may take',
  }),
  healthGrace: option(positiveDuration().default(30_000), {
    argument: 'T',
    description: 'a worker that has failed its probes for this long is replaced',
  }),
  waitReady: option(flag().default(false), {
    description: "a worker is ready only once the program calls process.send('ready')",
    otherwise: 'off',
  }),
  surge: option(numberOr(1, 512, 'all').default('all'), {
    argument: 'all|N',
    description: 'new workers started at a time in a reload',
  }),
  maxRetiring: option(wholeNumber(1, 16).default(3), {
    argument: 'N',
    description: 'former generations that may drain at a time; the next reload waits for one of them',
  }),
  watchWindow: option(durationOrOff().default(Infinity), {
    argument: 'T|off',
    description: 'after a reload keep the former generation warm this long, and go back to it if the new one errs',
    otherwise: 'off',
  }),
  watchMargin: option(wholeNumber(0, 100).default(5), {
    argument: 'PERCENT',
    description: 'by how many of a hundred answers the new generation may err (5xx) more often than the former did',
  }),
  watchErrors: option(wholeNumber(1, 1_000_000).default(10), {
    argument: 'N',
    description: 'fewer answers with 5xx than this never take a generation back',
  }),
  maxMemory: option(
    orOff<WrittenSize>(
      'a size such as 512K, 300M or 2G',
      (raw) => bytes(raw, 1, Number.MAX_SAFE_INTEGER),
      SIZES,
    ).default(Infinity),
    { argument: 'SIZE|off', description: 'a worker that holds more is replaced', otherwise: 'off' },
  ),
  maxAge: option(durationOrOff().default(Infinity), {
    argument: 'T|off',
    description: 'a worker that has served longer is replaced; each a tenth earlier or later',
    otherwise: 'off',
  }),
  hangTimeout: option(durationOrOff().default(Infinity), {
    argument: 'T|off',
    description: 'a worker whose event loop is blocked for longer is replaced',
    otherwise: 'off',
  }),
  user: option(text('a user name or id').optional(), {
    argument: 'USER',
    description: 'whom the workers run as, when zdlb runs as root',
    otherwise: 'who runs zdlb',
  }),
  group: option(text('a group name or id').optional(), {
    argument: 'GROUP',
    description: 'group of the workers',
    otherwise: "the user's own",
  }),
  watch: option(flag().default(false), {
    description: 'reload when files in the working folder change; for development',
    otherwise: 'off',
  }),
  watchPath: option(
    value<readonly string[], string | readonly string[]>(
      'a path or a list of paths',
      (raw) => (typeof raw === 'string' && raw !== '' ? [raw] : texts(raw)),
      either(TEXT, TEXTS),
    ).default([]),
    {
      argument: 'GLOB',
      description: 'what --watch watches instead; may be given several times',
      otherwise: 'the working folder',
    },
  ),
};
