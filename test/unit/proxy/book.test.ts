import { expect, test } from 'vitest';
import { Histogram } from '../../../src/core/histogram.js';
import { Account } from '../../../src/proxy/account.js';
import { Backend } from '../../../src/proxy/backend.js';
import { Book } from '../../../src/proxy/book.js';

/** One request that a worker of `generation` has answered. */
function answer(book: Book, generation: number): void {
  const account = new Account(book);
  account.open();
  account.claims();
  account.claimed(new Backend({ address: { port: 1 } }, { generation }));
  account.answers(200);
  account.close('complete');
}

test('a book forgets generations that have no process left, but for the last, and goes on to count for those that have', () => {
  const book = new Book();
  for (const generation of [1, 2, 3, 4, 5, 6]) answer(book, generation);
  const refused = new Account(book);
  refused.open();
  refused.refuse('refused-400');
  book.retain(new Set([2, 6]), 2);
  expect(book.outcomes.map(({ generation }) => generation)).toEqual([2, 4, 5, 6, 0]);
  answer(book, 2);
  expect(book.outcomes[0]!.ends).toEqual(new Map([['complete', 2]]));
  book.retain(new Set(), 0);
  expect(book.outcomes.map(({ generation }) => generation)).toEqual([0]);
  answer(book, 2); // which was the latest
  expect(book.outcomes.find(({ generation }) => generation === 2)!.ends).toEqual(new Map([['complete', 1]]));
  expect(book).toMatchObject({ total: 9, failed: 0, inFlight: 0 });
});

test('an account is closed once, however often its end is told', () => {
  const book = new Book();
  const account = new Account(book);
  account.close('complete');
  account.open();
  expect(book.inFlight).toBe(1);
  account.close('worker-lost');
  account.close('complete');
  account.refuse('timeout-response');
  expect(book).toMatchObject({ total: 1, failed: 1, inFlight: 0 });
  expect(book.outcomes[0]!.ends).toEqual(new Map([['worker-lost', 1]]));
});

test('a histogram counts what took as long as a bound below it, and what took longer than all in the last class', () => {
  const histogram = new Histogram([1, 10]);
  for (const ms of [0, 1, 1.5, 10, 11]) histogram.observe(ms);
  expect(histogram).toMatchObject({ counts: [2, 2, 1], sumMs: 23.5 });
});
