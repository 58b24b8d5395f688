import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../src/core/config.js';

const read = (input: object) => parseConfig({ ...input }, 'config', (key) => key);

describe('PROXY headers', () => {
  test.each([
    [{ acceptProxy: true }, 'Cannot use acceptProxy without trustProxy: say whose PROXY headers are believed'],
    [{ sendProxy: true, script: 'a.js' }, /^Cannot use sendProxy with a script/],
    [
      { acceptProxy: true, trustProxy: '10.0.0.0/8', backend: 'cluster' },
      'Cannot use acceptProxy with backend cluster: a connection is handed over unread. Leave one of them out',
    ],
  ])('%j', (input, mistake) => {
    expect(() => read(input)).toThrow(mistake);
  });

  test('are believed of whom --trust-proxy names, be it only those at Unix sockets', () => {
    expect(read({ acceptProxy: true, trustProxy: ['10.0.0.0/8'] }).acceptProxy).toBe(true);
    expect(read({ acceptProxy: true, trustProxy: 'unix' }).acceptProxy).toBe(true);
  });
});
