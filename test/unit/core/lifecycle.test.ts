import { expect, onTestFinished, test, vi } from 'vitest';
import { Lifecycle } from '../../../src/core/lifecycle.js';

const door = () => new Lifecycle('The door', 'shut', { shut: ['open'], open: ['shut', 'off'], off: [] });

test('a legal move changes the state', () => {
  const lifecycle = door();
  lifecycle.to('open');
  expect(lifecycle.state).toBe('open');
  expect(lifecycle.is('shut', 'open')).toBe(true);
  expect(lifecycle.can('off')).toBe(true);
});

test('an illegal move throws and changes nothing', () => {
  const lifecycle = door();
  expect(() => lifecycle.to('off')).toThrow('The door cannot move from shut to off');
  expect(lifecycle.state).toBe('shut');
});

test('what belongs to a state dies with it', () => {
  vi.useFakeTimers();
  try {
    const lifecycle = door();
    const rung: string[] = [];
    lifecycle.after(10, () => rung.push('shut'));
    const { scope } = lifecycle;
    lifecycle.to('open');
    lifecycle.after(10, () => rung.push('open'));
    expect(scope.aborted).toBe(true);
    vi.advanceTimersByTime(20);
    expect(rung).toEqual(['open']);
  } finally {
    vi.useRealTimers();
  }
});

test('any number may wait for the end of a state, without a warning', async () => {
  const warnings: Error[] = [];
  const note = (warning: Error) => void warnings.push(warning);
  process.on('warning', note);
  onTestFinished(() => void process.off('warning', note));
  const lifecycle = door();
  let ended = 0;
  for (let count = 0; count < 50; count++) lifecycle.scope.addEventListener('abort', () => ended++);
  lifecycle.to('open');
  await new Promise(setImmediate);
  expect(ended).toBe(50);
  expect(warnings).toEqual([]);
});
