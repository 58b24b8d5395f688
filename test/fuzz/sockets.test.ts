import { expect, test } from 'vitest';
import { MUTATIONS, campaign } from './campaign.js';
import { REQUESTS } from './corpus.js';
import { knownOnly, sentDifference } from './difference.js';
import { NodeWorker } from './node-worker.js';
import { type RelayReading, readByRelay } from './relay-requests.js';
import { samplePipeline } from './sample.js';

/** A connection costs some hundred times as much as the functions alone. */
const SHARE = 10;
const SIDE_BY_SIDE = 10;
const REFUSAL =
  /HTTP\/1\.1 (?:4\d\d|5\d\d) [^\r\n]+\r\nContent-Type: text\/plain\r\nContent-Length: \d+\r\nConnection: close\r\n\r\n[^]{0,100}$/;

test("what a Node worker reads behind the relay's sockets is what the relay read", { timeout: 3_600_000 }, async () => {
  const workers = await Promise.all(Array.from({ length: SIDE_BY_SIDE }, () => NodeWorker.open()));
  let whole = 0;
  const found = await campaign(
    {
      corpus: REQUESTS,
      sample: samplePipeline,
      async differences(texts, random) {
        const differences: (string | undefined)[] = [];
        const next = texts.entries();
        await Promise.all(
          workers.map(async (worker) => {
            for (const [index, text] of next) {
              const relay = readByRelay(text, random);
              whole += relay.messages.length;
              // Node swallows a malformed request behind an upgrade that it ignored, without a word.
              if (!relay.isUpgrade) differences[index] = compare(relay, await worker.exchange(text));
            }
          }),
        );
        return differences;
      },
    },
    MUTATIONS / SHARE,
  );
  expect(found).toBe('');
  // Were all refused, nothing would have been compared.
  expect(whole).toBeGreaterThan(MUTATIONS / SHARE / 10);
});

function compare(
  relay: RelayReading,
  { read, got, end }: Awaited<ReturnType<NodeWorker['exchange']>>,
): string | undefined {
  const count = knownOnly(relay.messages);
  const isAllKnown = count === relay.messages.length;
  if (read.length < count || (isAllKnown && read.length > count)) {
    return `the relay read ${count} requests, its worker ${read.length}`;
  }
  for (let index = 0; index < count; index++) {
    const difference = sentDifference(relay.messages[index]!, read[index]!);
    if (difference !== undefined) return `request ${index}: ${difference}`;
  }
  if (end !== 'fin') {
    return `the client's connection ends with ${end}, behind ${JSON.stringify(got)}`;
  }
  if (relay.end === 'refused' && isAllKnown && !REFUSAL.test(got)) return `no refusal, but ${JSON.stringify(got)}`;
  return undefined;
}
