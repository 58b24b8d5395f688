/**
 * The value that a share of the counted ones does not exceed, by linear interpolation within its bucket, as Prometheus does it
 * (histogram_quantile). Null where nothing was counted; of what is beyond all bounds nothing but the last bound is known.
 *
 * @param counts by bucket, one more than there are bounds
 * @param share from 0 to 1
 */
export function percentile(bounds: readonly number[], counts: readonly number[], share: number): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  const rank = share * total;
  let below = 0;
  for (const [index, count] of counts.entries()) {
    if (below + count >= rank && count > 0) return within(bounds, index, (rank - below) / count);
    below += count;
  }
  return bounds.at(-1) ?? null;
}

function within(bounds: readonly number[], index: number, share: number): number | null {
  const upper = bounds[index];
  if (upper === undefined) return bounds.at(-1) ?? null;
  const lower = bounds[index - 1] ?? 0;
  return lower + (upper - lower) * share;
}
