import { describe, expect, test } from 'vitest';
import { Tail } from '../../../src/supervisor/tail.js';

function tailOf(text: string): Tail {
  const tail = new Tail();
  for (const line of text.split('\n')) tail.push(line);
  return tail;
}

describe('Tail', () => {
  test('finds the error in what Node prints of an uncaught one', () => {
    const printed = `/app/server.js:3
throw new TypeError('no database');
^

TypeError: no database
    at Object.<anonymous> (/app/server.js:3:7)
    at node:internal/main/run_main_module:28:49 {
  code: 'E_DB'
}

Node.js v20.19.0`;
    expect(tailOf(printed).gist).toBe('TypeError: no database');
  });

  test.each(['Error: a', 'Error [ERR_X]: a', 'Uncaught Error: a', 'DatabaseError: a', '[UnhandledPromiseRejection: a'])(
    'knows %s for the head of an error',
    (headline) => expect(tailOf(`${headline}\nlast words`).gist).toBe(headline),
  );

  test('finds an error whose stack is longer than the tail', () => {
    const tail = tailOf(`Error: deep\n${'    at somewhere\n'.repeat(50)}`);
    expect(tail.gist).toBe('Error: deep');
    expect(tail.lines).toHaveLength(20);
  });

  test('falls back to the last line that says something', () => {
    expect(tailOf('starting\nDATABASE_URL is not set\n').gist).toBe('DATABASE_URL is not set');
  });

  test('forgets an error that the program went on from', () => {
    expect(tailOf(`Error: old\n${'request served\n'.repeat(30)}shutting down`).gist).toBe('shutting down');
  });

  test('keeps no more than its bounds, even of endless lines', () => {
    const tail = tailOf(Array.from({ length: 30 }, () => 'x'.repeat(5_000)).join('\n'));
    expect(tail.lines).toHaveLength(1);
    expect(new Tail().gist).toBeUndefined();
  });
});
