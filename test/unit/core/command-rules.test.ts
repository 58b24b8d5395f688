import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../src/core/config.js';

const read = (input: Record<string, unknown>) => parseConfig(input, 'config', (key) => key);

const COMMAND = ['python3', 'app.py'];

test('a command with a port is all it takes', () => {
  expect(read({ command: COMMAND, port: 8_000 })).toMatchObject({ command: COMMAND, port: 8_000 });
  expect(read({ command: COMMAND, listen: ['unix:app.sock'] })).not.toHaveProperty('port');
  const allowed = { health: '/up', maxMemory: '300M', maxAge: '1h', user: 'nobody', envFile: '.env', cwd: '/srv' };
  expect(read({ command: COMMAND, port: 8_000, mode: 'http', sticky: 'cookie' }).sticky).toBe('cookie');
  expect(read({ command: COMMAND, port: 8_000, ...allowed })).toMatchObject({ user: 'nobody' });
});

describe('what makes no sense for a command is named', () => {
  test.each([
    [{ port: undefined }, /^Cannot run the command python3 without a public port: give --port N/],
    [{ port: 'none' }, /^Cannot run the command python3 without a public port/],
    [
      { script: 'server.js' },
      /^Cannot run both a script \(server\.js\) and a command \(python3 app\.py\): give one of them$/,
    ],
    [{ backend: 'cluster' }, /^Cannot use backend with a command: /],
    [{ transport: 'unix' }, /^Cannot use transport with a command: /],
    [{ sticky: 'cookie' }, /^Cannot use sticky cookie with a command without mode http: /],
    [{ node: 'node' }, /^Cannot use node with a command: /],
    [{ nodeArgs: '--x' }, /^Cannot use nodeArgs with a command: /],
    [{ waitReady: true }, /^Cannot use waitReady with a command: /],
    [{ hangTimeout: '5s' }, /^Cannot use hangTimeout with a command: /],
    [{ args: ['x'] }, /^Cannot use args with a command: /],
    [{ command: [] }, /^Bad value for command: met \[\], wanted a list of texts, a program and its arguments$/],
    [{ command: 'python3 app.py' }, /^Bad value for command: met "python3 app.py", wanted a list of texts/],
  ])('%j', (input, message) => {
    expect(() => read({ command: COMMAND, port: 8_000, ...input })).toThrow(message);
  });

  test('all of it at once', () => {
    expect(() => read({ command: COMMAND, waitReady: true, backend: 'cluster' })).toThrow(
      /backend.*\n.*waitReady.*\n.*--port N/,
    );
  });
});
