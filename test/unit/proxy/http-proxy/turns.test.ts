import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Turns } from '../../../../src/proxy/http-proxy/turns.js';

function begin(turns: Turns, count: number, begun: number[], first = 0): void {
  for (let number = first; number < first + count; number++) turns.take(() => begun.push(number));
}

const upTo = (count: number) => Array.from({ length: count }, (_, number) => number);

test('a few begin at once', () => {
  const begun: number[] = [];
  begin(new Turns(), 32, begun);
  expect(begun).toEqual(upTo(32));
});

test('many begin in their order, 32 in a turn', async () => {
  const turns = new Turns();
  const begun: number[] = [];
  begin(turns, 80, begun);
  expect(begun).toEqual(upTo(32));
  await turn();
  expect(begun).toEqual(upTo(64));
  await turn();
  expect(begun).toEqual(upTo(80));
});

test('whoever comes while others wait begins behind them', async () => {
  const turns = new Turns();
  const begun: number[] = [];
  begin(turns, 70, begun);
  await turn();
  begin(turns, 1, begun, 70);
  expect(begun).toHaveLength(64);
  await turn();
  expect(begun).toEqual(upTo(71));
});

test('one that begins another does not make the turn longer', async () => {
  const turns = new Turns();
  let begun = 0;
  const again = () => void (++begun < 40 && turns.take(again));
  turns.take(again);
  expect(begun).toBe(32);
  await turn();
  expect(begun).toBe(40);
});
