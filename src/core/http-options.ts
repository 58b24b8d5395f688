import { Networks, WANTED_NETWORKS, parseNetworks } from './networks.js';
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
  oneOf,
  orOff,
  positiveDuration,
  share,
  size,
  text,
  value,
  wholeNumber,
} from './values.js';

/** The options of http mode: what has a bound, and what zdlb adds to a request. */
export const httpOptions = {
  headerTimeout: option(positiveDuration().default(10_000), {
    argument: 'T',
    description: 'how long a client may take for a request head; then 408',
  }),
  bodyTimeout: option(positiveDuration().default(60_000), {
    argument: 'T',
    description: 'how long a client may pause within a request body; then 408',
  }),
  keepAliveTimeout: option(positiveDuration().default(75_000), {
    argument: 'T',
    description: "how long a client's connection may lie idle between two requests",
  }),
  connectTimeout: option(positiveDuration().default(5_000), {
    argument: 'T',
    description: 'how long a worker may take to accept a connection; then another one is tried',
  }),
  responseTimeout: option(durationOrOff().default(Infinity), {
    argument: 'T|off',
    description: 'how long a worker may take to begin its answer; then 504',
    otherwise: 'off',
  }),
  tunnelTimeout: option(durationOrOff().default(3_600_000), {
    argument: 'T|off',
    description: 'how long an upgraded connection (a WebSocket) may lie idle both ways',
  }),
  maxHeadSize: option(size('1K to 64K', 1_024, 65_536).default(16_384), {
    argument: 'SIZE',
    description: 'longest request head; beyond it 431',
  }),
  maxFields: option(wholeNumber(1, 1_000).default(100), {
    argument: 'N',
    description: 'most fields of a request; beyond it 431',
  }),
  maxTargetSize: option(size('64 to 64K', 64, 65_536).default(8_192), {
    argument: 'SIZE',
    description: 'longest request target; beyond it 414',
  }),
  maxBodySize: option(
    orOff<WrittenSize>(
      'a size such as 512K, 300M or 2G',
      (raw) => bytes(raw, 0, Number.MAX_SAFE_INTEGER),
      SIZES,
    ).default(Infinity),
    { argument: 'SIZE|off', description: 'longest request body; beyond it 413', otherwise: 'off' },
  ),
  maxBufferSize: option(size('4K to 16M', 4_096, 16_777_216).default(65_536), {
    argument: 'SIZE',
    description: 'how much of one connection is read ahead, held, or kept to be sent again',
  }),
  forwarded: option(oneOf('auto', 'on', 'off').default('auto'), {
    argument: 'auto|on|off',
    description: 'set X-Forwarded-* fields; auto: where the agent does not give the program the true address',
  }),
  trustProxy: option(
    value<Networks, string | readonly string[]>(WANTED_NETWORKS, parseNetworks, either(TEXT, TEXTS)).default(
      () => new Networks([]),
    ),
    {
      argument: 'CIDR,…',
      description: 'peers whose X-Forwarded-* fields and PROXY headers are believed; unix: at Unix sockets',
      otherwise: 'none',
    },
  ),
  accessLog: option(text('on, off or a path').default('off'), {
    argument: 'on|off|FILE',
    description: 'write down each request of http mode as a line of JSON: to the log (on), or to a file',
  }),
  accessLogSample: option(share().default(1), {
    argument: 'SHARE',
    description: 'how many of the requests that end well are written down: 0.01 is one in a hundred',
  }),
  requestId: option(flag().default(false), {
    description: 'give each request an X-Request-Id, unless it has one',
    otherwise: 'off',
  }),
};
