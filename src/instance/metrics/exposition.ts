import type { Metric } from 'prom-client';
import type { Family } from './family.js';

/**
 * Families in the text format of Prometheus, as prom-client writes it: it is loaded only for who asks for metrics. It keeps no counts
 * of its own, since counting there would take longer than a request may: what is said is what the books say now.
 */
export async function exposition(families: readonly Family[]): Promise<string> {
  const { Registry } = await import('prom-client');
  const registry = new Registry();
  // A metric is to a registry whatever has a name and tells its values when it is asked.
  for (const family of families) registry.registerMetric({ ...family, get: async () => family } as unknown as Metric);
  return registry.metrics();
}
