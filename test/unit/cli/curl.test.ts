import { expect, test } from 'vitest';
import { curlAt } from '../../../src/cli/curl.js';

test.each([
  [':8000', 'curl http://localhost:8000/'],
  ['0.0.0.0:8000', 'curl http://localhost:8000/'],
  ['[::]:8000', 'curl http://localhost:8000/'],
  ['[::1]:8000', 'curl http://[::1]:8000/'],
  ['10.0.0.1:8000', 'curl http://10.0.0.1:8000/'],
  ['unix:/run/app.sock', 'curl --unix-socket /run/app.sock http://localhost/'],
])('%s is asked by %s', (address, command) => {
  expect(curlAt([address, ':9000'])).toBe(command);
});
