// @ts-check

/** The value below which `share` (0 to 1) of the numbers lie. @param {readonly number[]} numbers @param {number} share */
export function percentile(numbers, share) {
  const sorted = Float64Array.from(numbers).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** @param {readonly number[]} numbers */
export function median(numbers) {
  const upper = percentile(numbers, 0.5);
  return numbers.length % 2 === 1
    ? upper
    : (upper + (numbers.toSorted((a, b) => a - b)[numbers.length / 2 - 1] ?? upper)) / 2;
}
