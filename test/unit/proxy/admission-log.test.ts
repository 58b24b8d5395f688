import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { gate } from '../../kit/admission.js';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

describe('the journal tells', () => {
  test('once that the bound is reached, and again when it was left for a while', async () => {
    const { journal, relay, arrive, end } = gate();
    for (let count = 0; count < 5; count++) arrive();
    expect(journal.all('connections.full')).toMatchObject([{ level: 'warn', bound: 'total', open: 2, parked: 0 }]);
    vi.advanceTimersByTime(59_000);
    arrive();
    vi.advanceTimersByTime(59_999);
    arrive();
    expect(journal.all('connections.full')).toHaveLength(1);
    vi.advanceTimersByTime(60_000);
    arrive();
    expect(journal.all('connections.full')).toHaveLength(2);
    for (const client of relay.open) await end(client);
  });

  test('which address is at its bound', () => {
    const { journal, arrive } = gate({ maxConnectionsPerAddress: 1 });
    for (let count = 0; count < 3; count++) arrive();
    const [line] = journal.all('connections.full');
    expect(line).toMatchObject({ bound: 'address', address: '10.0.0.1', open: 1 });
    expect(journal.lines).toHaveLength(1);
  });

  test('how many were closed, not each of them', () => {
    const { journal, arrive } = gate();
    for (let count = 0; count < 100; count++) arrive();
    vi.advanceTimersByTime(5_000);
    expect(journal.all('connections.closed')).toMatchObject([{ level: 'warn', refused: 95, expired: 3 }]);
    vi.advanceTimersByTime(60_000);
    expect(journal.all('connections.closed')).toHaveLength(1);
  });
});
