import type { Latencies } from '../../core/histogram.js';

export type Labels = Readonly<Record<string, string | number>>;

/** One line of a metric; a histogram has several, under names of their own. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
  readonly metricName?: string;
}

/** One metric with all that is to be said of it at the moment. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly values: readonly Sample[];
}

const MS_PER_SECOND = 1_000;

export const seconds = (ms: number) => ms / MS_PER_SECOND;

type Said = number | readonly Sample[];

const samplesOf = (said: Said): readonly Sample[] => (typeof said === 'number' ? [{ labels: {}, value: said }] : said);

/** What only grows. */
export const counter = (name: string, help: string, said: Said): Family => ({
  name,
  help,
  type: 'counter',
  values: samplesOf(said),
});

/** What rises and falls. */
export const gauge = (name: string, help: string, said: Said): Family => ({
  name,
  help,
  type: 'gauge',
  values: samplesOf(said),
});

/** Latencies, as Prometheus wants them: in seconds, and each bound with all that took no longer. */
export function histogram(name: string, help: string, { boundsMs, counts, sumMs }: Latencies): Family {
  let total = 0;
  const buckets = counts.map((count, at) => {
    total += count;
    const bound = boundsMs[at];
    return {
      metricName: `${name}_bucket`,
      labels: { le: bound === undefined ? '+Inf' : seconds(bound) },
      value: total,
    };
  });
  const values = [
    ...buckets,
    { metricName: `${name}_sum`, labels: {}, value: seconds(sumMs) },
    { metricName: `${name}_count`, labels: {}, value: total },
  ];
  return { name, help, type: 'histogram', values };
}

/** One sample for each of several. */
export const each = <T>(all: Iterable<T>, labels: (one: T) => Labels, value: (one: T) => number): readonly Sample[] =>
  [...all].map((one) => ({ labels: labels(one), value: value(one) }));
