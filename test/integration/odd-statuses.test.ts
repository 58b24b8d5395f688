import { describe, expect, test } from 'vitest';
import { exposition } from '../../src/instance/metrics/exposition.js';
import { requestFamilies } from '../../src/instance/metrics/request-families.js';
import { Ledger } from '../../src/ledger.js';
import type { Book } from '../../src/proxy/book.js';
import { readMetrics } from '../kit/prometheus.ts';
import { ENGINES, GET, OK, through } from '../kit/relay.js';
import { dial } from '../kit/wire.js';

/** What is told of the requests in a book, as strictly read as it is scraped. */
async function told(book: Book) {
  const ledger = new Ledger();
  ledger.close();
  const metrics = readMetrics(await exposition(requestFamilies(Object.assign(ledger, { requests: book }))));
  return Object.fromEntries([...metrics.values()].flatMap(({ samples }) => Array.from(samples)));
}

describe.each(ENGINES)('by the %s, a status of three digits', (engine) => {
  /** A client that its worker has given an answer with each of `statuses`. */
  async function answered(...statuses: readonly number[]) {
    const all = await through(engine).scene();
    const client = await dial(all.port);
    let worker;
    for (const status of statuses) {
      const before = client.received.length;
      client.send(GET);
      worker ??= await all.stage.accepts();
      await worker.gets(new RegExp(`(?:GET [^]*){${statuses.indexOf(status) + 1}}\r\n\r\n$`));
      worker.send(OK.replace('200 OK', `${status} Odd`));
      await client.gets(new RegExp(`^[^]{${before}}HTTP/1.1 ${status} Odd\r\n[^]*\r\n\r\nok$`));
    }
    await expect.poll(() => all.book.inFlight).toBe(0);
    return all;
  }

  test('passes, and is counted in its class; from 500 on as failed', async () => {
    const { book, backends } = await answered(299, 499, 599, 600, 742, 999);
    const all = await told(book);
    const classes = Object.entries(all).filter(([name]) => name.startsWith('zdlb_responses_total'));
    expect(Object.fromEntries(classes)).toEqual({
      'zdlb_responses_total{class="2xx",generation="none"}': 1,
      'zdlb_responses_total{class="4xx",generation="none"}': 1,
      'zdlb_responses_total{class="5xx",generation="none"}': 1,
      'zdlb_responses_total{class="6xx",generation="none"}': 1,
      'zdlb_responses_total{class="7xx",generation="none"}': 1,
      'zdlb_responses_total{class="9xx",generation="none"}': 1,
    });
    expect(all).toMatchObject({ zdlb_requests_failed_total: 4, zdlb_request_duration_seconds_count: 6 });
    expect(Object.values(all).filter((value) => !Number.isFinite(value))).toEqual([]);
    expect(backends[0]!.tally).toMatchObject({ answers: 6, errors: 4 });
  });

  test.each(['099', '000', '1000'])('is what a worker has to send; %s is answered with 502', async (status) => {
    const { port, stage, book } = await through(engine).scene();
    const client = await dial(port);
    client.send(GET);
    const worker = await stage.accepts();
    await worker.gets('\r\n\r\n');
    worker.send(OK.replace('200', status));
    await client.gets(/^HTTP\/1.1 502 /);
    await expect.poll(() => book.inFlight).toBe(0);
    expect([...book.outcomes[0]!.ends]).toEqual([['worker-malformed', 1]]);
    expect(book.outcomes[0]!.classes).toEqual([0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
  });
});
