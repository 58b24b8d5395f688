import { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Strangers } from '../../../src/agent/strangers.cjs';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function come(strangers: Strangers, count: number): readonly Socket[] {
  const sockets = Array.from({ length: count }, () => new Socket());
  for (const socket of sockets) {
    socket.once('close', () => strangers.delete(socket));
    strangers.add(socket);
  }
  return sockets;
}

const dropped = (sockets: readonly Socket[]) => sockets.filter(({ destroyed }) => destroyed).length;

describe('strangers', () => {
  test('are dropped after two seconds, and who is welcomed is not', () => {
    const strangers = new Strangers();
    const [late, welcome] = come(strangers, 2) as [Socket, Socket];
    strangers.delete(welcome);
    vi.advanceTimersByTime(1_990);
    expect(late.destroyed).toBe(false);
    vi.advanceTimersByTime(20);
    expect([late.destroyed, welcome.destroyed]).toEqual([true, false]);
  });

  test('beyond 1024 are dropped oldest first, but none within its first half second', () => {
    const strangers = new Strangers();
    const old = come(strangers, 1_024);
    vi.advanceTimersByTime(400);
    const young = come(strangers, 1_000);
    vi.advanceTimersByTime(10);
    expect(dropped([...old, ...young])).toBe(0);
    vi.advanceTimersByTime(100);
    come(strangers, 3);
    vi.advanceTimersByTime(10);
    expect([dropped(old), dropped(old.slice(0, 3)), dropped(young)]).toEqual([3, 3, 0]);
  });

  test('beyond 4096 are dropped oldest first, however young', () => {
    const all = come(new Strangers(), 4_106);
    vi.advanceTimersByTime(10);
    expect([dropped(all), dropped(all.slice(0, 10))]).toEqual([10, 10]);
  });

  test('have two turns of the event loop for what has come meanwhile', () => {
    const strangers = new Strangers();
    const [front] = come(strangers, 1) as [Socket];
    vi.advanceTimersToNextTimer();
    strangers.delete(front);
    vi.runAllTimers();
    expect(front.destroyed).toBe(false);
  });
});
