import { expect, test } from 'vitest';
import type { Random } from '../kit/random.js';
import { MUTATIONS, campaign } from './campaign.js';
import { RESPONSES } from './corpus.js';
import { answerDifference } from './answer-difference.js';
import { answersByNode } from './node-client.js';
import { answerByRelay } from './relay-responses.js';
import { sampleResponse } from './sample.js';

/** A client costs more than a connection of a server. */
const SHARE = 4;

test.each(['GET', 'HEAD'] as const)(
  "what a client's Node reads of an answer to %s is what the relay read, or it is cut",
  { timeout: 3_600_000 },
  async (method) => {
    const asked = { isHead: method === 'HEAD', minorVersion: 1, takesTrailers: true };
    let whole = 0;
    const found = await campaign(
      {
        corpus: RESPONSES,
        sample: sampleResponse,
        async differences(texts: readonly string[], random: Random) {
          const relay = texts.map((text) => answerByRelay(text, asked, random));
          for (const { messages } of relay) whole += messages.length;
          const original = await answersByNode(texts.map((text) => ({ text, method, ends: true })));
          const forwarded = await answersByNode(
            relay.map(({ forwarded: text, end }) => ({ text, method, ends: end === 'ended' })),
          );
          return texts.map((text, i) => answerDifference(text, relay[i]!, original[i]!, forwarded[i]!));
        },
      },
      MUTATIONS / SHARE,
    );
    expect(found).toBe('');
    // Were all refused, nothing would have been compared.
    expect(whole).toBeGreaterThan(MUTATIONS / SHARE / 10);
  },
);
