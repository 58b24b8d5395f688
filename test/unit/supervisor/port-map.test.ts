import { describe, expect, test } from 'vitest';
import type { Listening } from '../../../src/core/messages.cjs';
import { PortMap } from '../../../src/supervisor/port-map.js';
import { isMet, whatIsMissing } from '../../../src/supervisor/readiness.js';

function listening(asked: number, more: Partial<Listening> = {}): Listening {
  return { type: 'listening', asked, port: asked, protocol: 'http', door: { address: { port: 40_000 } }, ...more };
}

const opener = (slot: number, ...ports: number[]) => ({ slot, doors: new Map(ports.map((port) => [port, {}])) });

describe('what a worker must open to be ready', () => {
  test('at first --port, or whatever comes first', () => {
    expect(new PortMap({ port: 8000, mode: 'auto' }).readiness).toEqual({ kind: 'ports', ports: [8000] });
    expect(new PortMap({ port: undefined, mode: 'auto' }).readiness).toEqual({ kind: 'listening' });
    expect(new PortMap({ port: 'none', mode: 'auto' }).readiness).toEqual({ kind: 'running', ms: 1_000 });
  });

  test('later every port that the serving workers have open', () => {
    const map = new PortMap({ port: 8000, mode: 'auto' });
    map.observe([opener(0, 8000, 9000), opener(1, 8000, 9000)]);
    expect(map.readiness).toEqual({ kind: 'ports', ports: [8000, 9000] });
    map.observe([]); // all have crashed
    expect(map.readiness).toEqual({ kind: 'ports', ports: [8000, 9000] });
  });

  test('not a port that only one slot opens, also while the others are down', () => {
    const map = new PortMap({ port: undefined, mode: 'auto' });
    map.observe([opener(0, 8000, 9000), opener(1, 8000)]);
    map.observe([opener(0, 8000, 9000)]);
    expect(map.readiness).toEqual({ kind: 'ports', ports: [8000] });
  });

  test('a worker is told what is missing', () => {
    const readiness = { kind: 'ports', ports: [8000, 9000] } as const;
    const { doors } = opener(0, 9000);
    expect(isMet(readiness, doors)).toBe(false);
    expect(whatIsMissing(readiness, doors)).toBe('it has not opened port 8000, but 9000');
    expect(isMet(readiness, opener(0, 8000, 9000).doors)).toBe(true);
  });
});

describe('PortMap', () => {
  test('the first generation makes the map, at any time', () => {
    const map = new PortMap({ port: 8000, mode: 'auto' });
    expect(map.admit(1, listening(3000, { port: 8000 }))).toBeUndefined();
    expect(map.pairs).toBeUndefined();
    map.observe([opener(0, 8000)]);
    expect(map.admit(1, listening(9000))).toBeUndefined();
    expect(map.pairs).toEqual([
      [3000, 8000],
      [9000, 9000],
    ]);
  });

  test('a later generation may not open another port, nor speak another protocol', () => {
    const map = new PortMap({ port: undefined, mode: 'auto' });
    map.admit(1, listening(3000));
    expect(map.admit(2, listening(3000))).toBeUndefined();
    expect(map.admit(2, listening(4000))).toBe(
      'asks for port 4000, but the serving generation serves port 3000 (http). Restart zdlb to change ports',
    );
    expect(map.admit(2, listening(3000, { protocol: 'tcp' }))).toMatch(
      /^speaks tcp on port 3000, but .* 3000 \(http\)/,
    );
  });

  test('with a mode that was chosen, the protocol is of no account', () => {
    const map = new PortMap({ port: undefined, mode: 'tcp' });
    map.admit(1, listening(3000));
    expect(map.admit(2, listening(3000, { protocol: 'tcp' }))).toBeUndefined();
  });

  test('which one is the first, where only Unix sockets lead there, all workers must agree on', () => {
    const map = new PortMap({ port: undefined, mode: 'auto' });
    expect(map.admit(1, listening(3000, { isFirst: true }))).toBeUndefined();
    expect(map.admit(1, listening(9000))).toBeUndefined();
    expect(map.admit(1, listening(3000, { isFirst: true }))).toBeUndefined();
    expect(map.admit(1, listening(9000, { isFirst: true }))).toMatch(
      /^takes its server on port 9000 for the first, and others that on port 3000: /,
    );
  });

  test('a further address of a port needs no admission', () => {
    const { door: _, ...address } = listening(3000, { host: '::1' });
    expect(new PortMap({ port: undefined, mode: 'auto' }).admit(2, address)).toBeUndefined();
  });
});
