import { expect, test } from 'vitest';
import { MUTATIONS, campaign } from './campaign.js';
import { REQUESTS } from './corpus.js';
import { differenceOf } from './difference.js';
import { readByNode } from './node-server.js';
import { readByRelay } from './relay-requests.js';
import { samplePipeline } from './sample.js';

test("what the relay forwards is what Node's parser reads, or it is refused", { timeout: 3_600_000 }, async () => {
  let whole = 0;
  const found = await campaign(
    {
      corpus: REQUESTS,
      sample: samplePipeline,
      async differences(texts, random) {
        const relay = texts.map((text) => readByRelay(text, random));
        for (const { messages } of relay) whole += messages.length;
        const original = await readByNode(texts);
        const forwarded = await readByNode(relay.map((reading) => reading.forwarded));
        return texts.map((text, i) => differenceOf(text, relay[i]!, original[i]!, forwarded[i]!));
      },
    },
    MUTATIONS,
  );
  expect(found).toBe('');
  // Were all refused, nothing would have been compared.
  expect(whole).toBeGreaterThan(MUTATIONS / 10);
});
