import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { options, parseConfig } from '../../../src/core/config.js';
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
    transport: 'port',
    readyTimeout: 60_000,
    drainTimeout: 30_000,
    killTimeout: 5_000,
    stopSignal: 'SIGTERM',
    holdTimeout: 30_000,
    holdMax: 1_024,
    cwd: '.',
    nodeArgs: [],
    logLevel: 'info',
    args: [],
  });
});

test('texts from a command line and values from a file mean the same', () => {
  expect(read({ port: '8000', workers: '4', nodeArgs: '--a "b c"' })).toEqual(
    read({ port: 8000, workers: 4, nodeArgs: ['--a', 'b c'] }),
  );
});

describe('a mistake is named with what was met and what was wanted', () => {
  test.each([
    [{ port: 0 }, 'Bad value for port: met 0, wanted a port from 1 to 65535, or none'],
    [{ port: '80a' }, 'Bad value for port: met "80a", wanted a port from 1 to 65535, or none'],
    [{ port: ['1', '2'] }, 'Bad value for port: met ["1","2"], wanted a port from 1 to 65535, or none'],
    [{ workers: 0 }, 'Bad value for workers: met 0, wanted a whole number from 1 to 512, or max'],
    [{ readyTimeout: 5 }, 'Bad value for readyTimeout: met 5, wanted a duration such as 500ms, 30s, 5m or 1h'],
    [{ mode: 'udp' }, 'Bad value for mode: met "udp", wanted auto, http or tcp'],
    [{ stopSignal: 'TERM' }, 'Bad value for stopSignal: met "TERM", wanted the name of a signal such as SIGTERM'],
    [
      { stopSignal: 'toString' },
      'Bad value for stopSignal: met "toString", wanted the name of a signal such as SIGTERM',
    ],
    [{ name: 'a b' }, 'Bad value for name: met "a b", wanted 1 to 64 of the characters A-Z a-z 0-9 . _ -'],
    [{ nodeArgs: 5 }, 'Bad value for nodeArgs: met 5, wanted options of node, in one string or a list'],
    [{ args: 'x' }, 'Bad value for args: met "x", wanted a list of texts'],
    [{ script: 5 }, 'Bad value for script: met 5, wanted a path'],
    [{ worker: 4 }, 'Unknown option worker; did you mean workers?'],
    [{ tree: 4 }, 'Unknown option tree'],
  ])('%j', (input, message) => {
    expect(mistakes(input)).toBe(message);
  });
});

test('all mistakes are named at once', () => {
  expect(mistakes({ port: 0, workers: 0, a: 1 }).split('\n')).toHaveLength(3);
});

describe('every option stands', () => {
  test.each([...options.keys()])('%s: in docs/configuration.md', (name) => {
    const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    const row = readFileSync('docs/configuration.md', 'utf8')
      .split('\n')
      .find((line) => line.includes(`\`${name}\``) && line.includes(flag));
    expect(row).toContain('|');
  });
});

test('config.example.json is right', () => {
  read(JSON.parse(readFileSync('config.example.json', 'utf8')) as Record<string, unknown>);
});
