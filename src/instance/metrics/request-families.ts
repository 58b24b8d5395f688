import type { Ledger } from '../../ledger.js';
import type { Book, Outcomes } from '../../proxy/book.js';
import { type Family, type Sample, counter, gauge, histogram } from './family.js';

/** What requests came to, and how long they took; in tcp mode connections. */
export function requestFamilies({ requests, connections }: Ledger): readonly Family[] {
  return [
    ...accessFamilies(requests),
    counter(
      'zdlb_requests_total',
      'Requests that have ended, by how (docs/access-log.md) and whose.',
      endsIn(requests),
    ),
    counter('zdlb_responses_total', 'Answers to them, by class of status.', classesIn(requests)),
    gauge('zdlb_requests_in_flight', 'Requests under way, also those that wait for a worker.', requests.inFlight),
    counter('zdlb_requests_failed_total', 'Requests that failed by no fault of their client.', requests.failed),
    histogram(
      'zdlb_request_duration_seconds',
      'From the head of a request to the end of its answer.',
      requests.latency,
    ),
    histogram('zdlb_request_first_byte_seconds', 'The same to the first byte of the answer.', requests.firstByte),
    histogram(
      'zdlb_request_held_seconds',
      'How long requests waited for a worker, of those that had to.',
      requests.wait,
    ),
    counter('zdlb_retries_total', 'How often another worker was asked.', requests.retries + connections.retries),
    counter(
      'zdlb_connections_total',
      'Connections in tcp mode that have ended, by how and whose.',
      endsIn(connections),
    ),
  ];
}

/** Only where there is an access log. */
function accessFamilies({ log }: Book): readonly Family[] {
  if (log === undefined) return [];
  return [
    counter('zdlb_access_log_entries_total', 'Entries of the access log that were passed on.', log.entries),
    counter('zdlb_access_log_dropped_total', 'Entries that nothing had room for.', log.dropped),
  ];
}

const nameOf = ({ generation }: Outcomes) => (generation === 0 ? 'none' : String(generation));

const endsIn = ({ outcomes }: Book): readonly Sample[] =>
  outcomes.flatMap((of) =>
    [...of.ends].map(([outcome, value]) => ({ labels: { outcome, generation: nameOf(of) }, value })),
  );

/** Class 0 is those that got no answer. */
const classesIn = ({ outcomes }: Book): readonly Sample[] =>
  outcomes.flatMap((of) =>
    of.classes
      .map((value, first) => ({ labels: { class: `${first}xx`, generation: nameOf(of) }, value }))
      .filter(({ value }, first) => first > 0 && value > 0),
  );
