import { expect, test } from 'vitest';
import { targets } from '../../../bench/targets.js';
import { contestants } from '../../../bench/contestants/contestants.js';
import { loads } from '../../../bench/loads.js';

type Section = Parameters<typeof targets>[0][number];

/** A section of a load with the proxies' CPU per request. */
function section(load: string, cpu: Readonly<Record<string, number>>): Section {
  return {
    load: loads.find(({ name }) => name === load)!,
    rows: contestants
      .filter(({ name }) => Object.hasOwn(cpu, name))
      .map((contestant) => ({
        contestant,
        figures: { perSecond: 1, p50: 1, p99: 1, proxyCpu: cpu[contestant.name]!, workersCpu: 1 },
      })),
  };
}

const measured = (sections: readonly Section[]) => targets(sections, []).map((target) => target.measured);

test('the relay is compared with the better of nginx and HAProxy over the same transport', () => {
  const sections = [
    section('get-64', { zdlb: 20, 'zdlb-unix': 12, nginx: 25, haproxy: 16, 'nginx-unix': 10, 'haproxy-unix': 24 }),
  ];
  expect(measured(sections)).toEqual([1.25, 1.2, undefined, undefined, undefined, undefined, undefined]);
});

test('one peer is enough where the other is not installed', () => {
  expect(measured([section('get-64', { zdlb: 20, nginx: 25 })])[0]).toBe(0.8);
});

test('the engine of zdlb stands for http-proxy, and the package alone where this zdlb has no such engine', () => {
  expect(measured([section('get-64', { zdlb: 20, 'http-proxy': 80, 'zdlb-http-proxy': 100 })])[2]).toBe(0.2);
  expect(measured([section('get-64', { zdlb: 20, 'http-proxy': 80 })])[2]).toBe(0.25);
});

test('memory is told in KiB per connection', () => {
  const memory = { before: 0, after: 5000 * 3072, perConnection: 3072 };
  const zdlb = contestants.find(({ name }) => name === 'zdlb')!;
  expect(targets([], [{ contestant: zdlb, memory }]).at(-1)).toMatchObject({ bound: 4, measured: 3 });
});
