/** One metric of a text in the format of Prometheus. */
export interface Metric {
  readonly type: string;
  /** By name and labels, as they are written. */
  readonly samples: Map<string, number>;
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = String.raw`[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"`;
const HELP = new RegExp(`^# HELP (${NAME}) \\S.*$`);
const TYPE = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram)$`);
const SAMPLE = new RegExp(`^(${NAME})(?:\\{${LABEL}(?:,${LABEL})*\\})? (-?[0-9.]+(?:e[+-]?[0-9]+)?|\\+Inf)$`);
/** What a series may be called besides its metric. */
const SUFFIXES: Readonly<Record<string, readonly string[]>> = { histogram: ['_bucket', '_sum', '_count'] };

/**
 * Reads the text format 0.0.4 as strictly as promtool: each metric once, with help and type before its samples, no series twice,
 * counters that end in `_total`, and histograms whose buckets grow up to their count.
 *
 * @throws {Error} at the first line that a scraper might stumble on
 */
export function readMetrics(text: string): ReadonlyMap<string, Metric> {
  if (!text.endsWith('\n')) throw new Error('The text does not end with a line feed');
  const metrics = new Map<string, Metric>();
  let helped = '';
  let current = '';
  for (const line of text.split('\n').filter((one) => one !== '')) {
    const [, help] = HELP.exec(line) ?? [];
    const [, name, type = ''] = TYPE.exec(line) ?? [];
    if (help !== undefined) helped = help;
    else if (name !== undefined) {
      if (helped !== name || metrics.has(name)) throw new Error(`Out of place: ${line}`);
      if ((type === 'counter') !== name.endsWith('_total')) throw new Error(`A ${type} of an odd name: ${name}`);
      metrics.set((current = name), { type, samples: new Map() });
    } else add(metrics.get(current), current, line);
  }
  for (const [name, metric] of metrics) if (metric.type === 'histogram') checkHistogram(name, metric);
  return metrics;
}

function add(metric: Metric | undefined, name: string, line: string): void {
  const [, series, value] = SAMPLE.exec(line) ?? [];
  if (metric === undefined || series === undefined || value === undefined) throw new Error(`No sample: ${line}`);
  const isOwn = (SUFFIXES[metric.type] ?? ['']).some((suffix) => series === name + suffix);
  const key = line.slice(0, line.lastIndexOf(' '));
  if (!isOwn || metric.samples.has(key)) throw new Error(`Not among the samples of ${name}, or twice: ${line}`);
  metric.samples.set(key, Number(value));
}

const isRising = (numbers: readonly number[]) => numbers.every((one, at) => at === 0 || one >= numbers[at - 1]!);

function checkHistogram(name: string, { samples }: Metric): void {
  const buckets = [...samples].filter(([key]) => key.startsWith(`${name}_bucket{`));
  const bounds = buckets.map(([key]) => Number(/le="([^"]+)"/.exec(key)![1]!.replace('+Inf', 'Infinity')));
  const counts = buckets.map(([, count]) => count);
  const isWhole = bounds.at(-1) === Infinity && counts.at(-1) === samples.get(`${name}_count`);
  if (!isWhole || !isRising(bounds) || !isRising(counts)) throw new Error(`The buckets of ${name} do not add up`);
}
