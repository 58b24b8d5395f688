import { expect, test } from 'vitest';
import { parseConfig } from '../../../src/core/config.js';

const parsed = (settings: object) => parseConfig({ script: 'a.js', ...settings }, 'usage', (key) => `--${key}`);

test.each(['127.0.0.1:9000', '127.8.8.8:9000', 'localhost:9000', 'LOCALHOST:9000', '[::1]:9000'])(
  'the status page at %s is open to this machine alone, and needs no token',
  (admin) => {
    expect(parsed({ admin }).admin?.port).toBe(9000);
  },
);

test.each([':9000', '0.0.0.0:9000', '[::]:9000', '10.0.0.1:9000', 'ops.internal:9000', '127.0.0.1.evil.example:9000'])(
  'the status page at %s is refused without a token, and allowed with one',
  (admin) => {
    expect(() => parsed({ admin })).toThrow(/without --adminTokenFile/);
    expect(parsed({ admin, adminTokenFile: 'token' }).admin?.port).toBe(9000);
  },
);

test.each(['9000', 'unix:/run/a.sock', '127.0.0.1', '127.0.0.1:0', '127.0.0.1:65536', 'http://127.0.0.1:9000', ''])(
  '%j is no place for a status page',
  (admin) => {
    expect(() => parsed({ admin })).toThrow(/Bad value for --admin: met .*, wanted an address and a port/);
  },
);

test('a token without a page is a mistake', () => {
  expect(() => parsed({ adminTokenFile: 'token' })).toThrow(/there is nothing to guard/);
});
