import { expect, test } from 'vitest';
import { fold } from '../../../src/cli/fold.js';

test('a text is folded between its words, and words that are too long within', () => {
  expect(fold('the quick brown fox jumps over the lazy dog', 20, '  ')).toEqual([
    'the quick brown fox',
    '  jumps over the',
    '  lazy dog',
  ]);
  expect(fold('a'.repeat(45), 20, '  ')).toEqual(['a'.repeat(20), `  ${'a'.repeat(18)}`, `  ${'a'.repeat(7)}`]);
});

test('what fits is left alone, and nothing is folded for ever', () => {
  expect(fold('fits', 20)).toEqual(['fits']);
  expect(fold(' '.repeat(50), 20, '  ').length).toBeLessThan(5);
  expect(fold('some words here and there', 1, '  ').length).toBeGreaterThan(1);
});
