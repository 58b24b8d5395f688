import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../src/core/config.js';
import { Networks } from '../../../src/core/networks.js';
import { ZdlbError } from '../../../src/core/errors.js';

const read = (input: Record<string, unknown>) => parseConfig(input, 'config', (key) => key);

function mistakes(input: Record<string, unknown>): string {
  try {
    read(input);
  } catch (error) {
    if (error instanceof ZdlbError) return error.message;
    throw error;
  }
  throw new Error('Wanted a mistake');
}

test('without settings, the defaults hold', () => {
  expect(read({})).toEqual({
    workers: 'max',
    mode: 'auto',
    httpEngine: 'relay',
    backend: 'proxy',
    healthInterval: 5_000,
    healthTimeout: 2_000,
    healthGrace: 30_000,
    waitReady: false,
    surge: 'all',
    maxRetiring: 3,
    watchWindow: Infinity,
    watchMargin: 5,
    watchErrors: 10,
    maxMemory: Infinity,
    maxAge: Infinity,
    hangTimeout: Infinity,
    watch: false,
    watchPath: [],
    transport: 'port',
    listen: [],
    socketMode: 0o660,
    balance: 'round-robin',
    sticky: 'off',
    maxInFlight: Infinity,
    idleTimeout: Infinity,
    acceptProxy: false,
    sendProxy: false,
    noClientAddress: false,
    readyTimeout: 60_000,
    drainTimeout: 30_000,
    killTimeout: 5_000,
    stopDelay: 0,
    stopSignal: 'SIGTERM',
    holdTimeout: 30_000,
    holdMax: 1_024,
    headerTimeout: 10_000,
    bodyTimeout: 60_000,
    keepAliveTimeout: 75_000,
    connectTimeout: 5_000,
    responseTimeout: Infinity,
    tunnelTimeout: 3_600_000,
    maxHeadSize: 16_384,
    maxFields: 100,
    maxTargetSize: 8_192,
    maxBodySize: Infinity,
    accessLog: 'off',
    accessLogSample: 1,
    maxBufferSize: 65_536,
    forwarded: 'auto',
    trustProxy: new Networks([]),
    requestId: false,
    maxConnections: 8_192,
    maxConnectionsPerAddress: Infinity,
    cwd: '.',
    nodeArgs: [],
    logLevel: 'info',
    logFileSize: 10_485_760,
    logFiles: 5,
    args: [],
  });
});

test('texts from a command line and values from a file mean the same', () => {
  expect(read({ port: '8000', workers: '4', nodeArgs: '--a "b c"' })).toEqual(
    read({ port: 8000, workers: 4, nodeArgs: ['--a', 'b c'] }),
  );
});

test('variables mean the same by name and in lines, and a value may have an equals sign', () => {
  const env = { A: '1', B: 'true', C: 'x=y' };
  for (const written of [{ A: 1, B: true, C: 'x=y' }, ['A=0', 'A=1', 'B=true', 'C=x=y']])
    expect(read({ env: written })).toMatchObject({ env });
  expect(read({ env: 'A=' })).toMatchObject({ env: { A: '' } });
});

test('off is no bound', () => {
  expect(read({ maxConnections: 'off', maxConnectionsPerAddress: 'off' })).toMatchObject({
    maxConnections: Infinity,
    maxConnectionsPerAddress: Infinity,
  });
});

describe('a mistake is named with what was met and what was wanted', () => {
  test.each([
    [{ port: 0 }, 'Bad value for port: met 0, wanted a port from 1 to 65535, or none'],
    [{ port: '80a' }, 'Bad value for port: met "80a", wanted a port from 1 to 65535, or none'],
    [{ port: ['1', '2'] }, 'Bad value for port: met ["1","2"], wanted a port from 1 to 65535, or none'],
    [{ workers: 0 }, 'Bad value for workers: met 0, wanted a whole number from 1 to 512, or max'],
    [{ readyTimeout: 5 }, 'Bad value for readyTimeout: met 5, wanted a duration such as 500ms, 30s, 5m or 1h'],
    [{ maxConnections: 0 }, 'Bad value for maxConnections: met 0, wanted a whole number from 1 to 1000000, or off'],
    [{ mode: 'udp' }, 'Bad value for mode: met "udp", wanted auto, http or tcp'],
    [{ stopSignal: 'TERM' }, 'Bad value for stopSignal: met "TERM", wanted the name of a signal such as SIGTERM'],
    [
      { stopSignal: 'toString' },
      'Bad value for stopSignal: met "toString", wanted the name of a signal such as SIGTERM',
    ],
    [{ name: 'a b' }, 'Bad value for name: met "a b", wanted 1 to 64 of the characters A-Z a-z 0-9 . _ -'],
    [{ nodeArgs: 5 }, 'Bad value for nodeArgs: met 5, wanted options of node, in one string or a list'],
    [{ args: 'x' }, 'Bad value for args: met "x", wanted a list of texts'],
    [{ headerTimeout: '0' }, 'Bad value for headerTimeout: met "0", wanted a duration such as 500ms, 30s, 5m or 1h'],
    [
      { responseTimeout: 'none' },
      'Bad value for responseTimeout: met "none", wanted a duration such as 500ms, 30s, 5m or 1h, or off',
    ],
    [{ maxHeadSize: '1G' }, 'Bad value for maxHeadSize: met "1G", wanted a size from 1K to 64K, such as 16K'],
    [{ accessLog: '' }, 'Bad value for accessLog: met "", wanted on, off or a path'],
    [{ accessLogSample: '1.5' }, 'Bad value for accessLogSample: met "1.5", wanted a share from 0 to 1 such as 0.01'],
    [{ accessLogSample: '1%' }, 'Bad value for accessLogSample: met "1%", wanted a share from 0 to 1 such as 0.01'],
    [{ maxBodySize: '5 MB' }, 'Bad value for maxBodySize: met "5 MB", wanted a size such as 512K, 300M or 2G, or off'],
    [
      { trustProxy: '10.0.0.0/33' },
      'Bad value for trustProxy: met "10.0.0.0/33", wanted an address, a CIDR range such as 10.0.0.0/8, or unix',
    ],
    [{ requestId: 'yes' }, 'Bad value for requestId: met "yes", wanted true or false'],
    [{ script: 5 }, 'Bad value for script: met 5, wanted a path'],
    [{ worker: 4 }, 'Unknown option worker; did you mean workers?'],
    [{ tree: 4 }, 'Unknown option tree'],
    [{ port: 'none', health: '/up' }, 'Cannot use health with port none: there is no port to ask on'],
    [{ health: 'up' }, 'Bad value for health: met "up", wanted a path such as /healthz'],
    [{ surge: 0 }, 'Bad value for surge: met 0, wanted a whole number from 1 to 512, or all'],
    [{ watchWindow: 30 }, 'Bad value for watchWindow: met 30, wanted a duration such as 500ms, 30s, 5m or 1h, or off'],
    [
      { env: { 'a b': 'secret' } },
      'Bad value for env: met "a b" with a value (string), wanted variables as {"NAME": "value"}, or NAME=value',
    ],
    [
      { env: { A: '1', B: null } },
      'Bad value for env: met "B" with a value (null), wanted variables as {"NAME": "value"}, or NAME=value',
    ],
    [
      { env: 'production' },
      'Bad value for env: met "production", wanted variables as {"NAME": "value"}, or NAME=value',
    ],
    [
      { env: ['A=1', '=2'] },
      'Bad value for env: met "" with a value (string), wanted variables as {"NAME": "value"}, or NAME=value',
    ],
    [
      { env: [Object.assign(Object.create(null), { name: 'A' })] }, // as a file gives it
      'Bad value for env: met "object", wanted variables as {"NAME": "value"}, or NAME=value',
    ],
    [{ env: 7 }, 'Bad value for env: met "7", wanted variables as {"NAME": "value"}, or NAME=value'],
    [{ watchPath: [1] }, 'Bad value for watchPath: met [1], wanted a path or a list of paths'],
  ])('%j', (input, message) => {
    expect(mistakes(input)).toBe(message);
  });
});

test('all mistakes are named at once', () => {
  const wrong = { workers: 0, port: 'none', health: '/up', script: 'a.js', acceptProxy: true, trustProxy: 'x' };
  expect(mistakes(wrong)).toMatch(
    /^Bad value for workers: .*\nBad value for trustProxy: .*\nCannot use health with port none: .*$/,
  );
  expect(mistakes({ port: 0, workers: 0, a: 1 }).split('\n')).toHaveLength(3);
});

test('config.example.json is right', () => {
  read(JSON.parse(readFileSync('config.example.json', 'utf8')) as Record<string, unknown>);
});
