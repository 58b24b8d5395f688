import type { Ledger } from '../../ledger.js';
import type { FrontStatus } from '../desk.js';
import { type Family, counter, each, gauge, histogram, seconds } from './family.js';
import { requestFamilies } from './request-families.js';
import { workerFamilies } from './worker-families.js';

/** All that is told of an instance; docs/metrics.md lists it. */
export function families(status: FrontStatus, ledger: Ledger): readonly Family[] {
  return [
    ...instanceFamilies(status, ledger),
    ...requestFamilies(ledger),
    ...workerFamilies(status.workers, ledger.census),
    ...processFamilies(status),
  ];
}

function instanceFamilies(status: FrontStatus, { census }: Ledger): readonly Family[] {
  const { name, version, generation, listeners, reloads } = status;
  return [
    gauge('zdlb_info', 'Name and version of the instance; always 1.', [{ labels: { name, version }, value: 1 }]),
    gauge('zdlb_generation', 'The newest generation that serves; 0 before there is one.', generation),
    gauge(
      'zdlb_connections',
      'Client connections that are open, by public port.',
      each(
        listeners,
        ({ port, mode }) => ({ port, mode }),
        ({ connections }) => connections,
      ),
    ),
    counter('zdlb_reloads_total', 'Reloads that are over, by result.', [
      { labels: { result: 'done' }, value: reloads.done },
      { labels: { result: 'failed' }, value: reloads.failed },
    ]),
    histogram('zdlb_reload_duration_seconds', 'How long reloads took that were done, up to the swap.', census.reloads),
  ];
}

/** By the names that all exporters have. */
function processFamilies({ frontLoopDelayMs, uptimeMs }: FrontStatus): readonly Family[] {
  const { user, system } = process.cpuUsage();
  const delay = 'The longest that the event loop of the front was late within the last second.';
  return [
    gauge('zdlb_front_event_loop_delay_seconds', delay, seconds(frontLoopDelayMs)),
    counter('process_cpu_seconds_total', 'Processor time of the front.', (user + system) / 1e6),
    gauge('process_resident_memory_bytes', 'Resident memory of the front.', process.memoryUsage.rss()),
    gauge('process_start_time_seconds', 'When the front started, since 1970.', seconds(Date.now() - uptimeMs)),
  ];
}
