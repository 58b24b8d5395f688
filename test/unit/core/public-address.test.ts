import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../src/core/config.js';
import { parsePublicAddress, writtenAddress } from '../../../src/core/public-address.js';

const read = (input: Record<string, unknown>) => parseConfig(input, 'config', (key) => key);

test.each([
  [':8000', { port: 8000 }],
  ['localhost:8000', { port: 8000, host: 'localhost' }],
  ['[::1]:8000', { port: 8000, host: '::1' }],
  ['unix:/run/app.sock', { path: '/run/app.sock' }],
])('%s is a public address, and is written so', (text, address) => {
  expect(parsePublicAddress(text)).toEqual(address);
  expect(writtenAddress(address)).toBe(text);
});

test.each(['', '8000', ':0', ':65536', '::1:8000', '[127.0.0.1]:80', 'unix:', 'unix:\0app', 'a:b'])(
  '%j is none',
  (text) => {
    expect(parsePublicAddress(text)).toBeUndefined();
  },
);

describe('the first port of --listen', () => {
  test('stands for --port where that is not given', () => {
    expect(read({ listen: ['unix:app.sock', ':8000', ':9000'] })).toMatchObject({ port: 8000 });
    expect(read({ listen: ':8000', port: '7000' })).toMatchObject({ port: 7000 });
  });

  test('may be missing', () => {
    expect(read({ listen: 'unix:app.sock' })).not.toHaveProperty('port');
  });
});
