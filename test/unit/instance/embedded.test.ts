import { expect, test } from 'vitest';
import { type Options, ZdlbError, start } from '../../../src/index.js';

test.each([
  [undefined, /met undefined, wanted options/i],
  ['server.js', /met 'server\.js', wanted options/i],
  [{ script: 'a.js', workers: 5n }, /workers: met 5n, wanted a whole number/],
  [{ script: () => 'a.js' }, /script: met \[Function: script\], wanted a path/],
  [{ script: 'a.js', logger: { info() {} } }, /logger: it has no debug\(\)/],
  [{ script: 'a.js', logger: false }, /logger: it has no debug\(\)/],
  [{ script: 'a.js', control: 'no' }, /control: met 'no', wanted true or false/],
])('start(%s), which no types allow, says what would be right', (options, says) => {
  const misused = () => start(options as unknown as Options);
  expect(misused).toThrow(ZdlbError);
  expect(misused).toThrow(says);
});
