import { read } from './token.js';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5_000;
const DATA = 'data: ';

/**
 * Follows what zdlb logs, for as long as the page is open. EventSource can't send a token, so the stream is read by hand; after
 * an interruption it is opened anew, and tells the last entries again.
 *
 * @param {{ again: () => void, told: (line: string) => void }} reader `again` is called before the last entries are told
 */
export async function followEvents(reader) {
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(LONGEST_PAUSE_MS, pause * 2)) {
    try {
      const answer = await read('/events');
      reader.again();
      pause = FIRST_PAUSE_MS;
      await readLines(answer, reader.told);
    } catch {
      // The one who polls the status says that nobody answers.
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/**
 * @param {Response} answer
 * @param {(line: string) => void} told
 */
async function readLines(answer, told) {
  const reader = /** @type {ReadableStream<Uint8Array>} */ (answer.body).getReader();
  const decoder = new TextDecoder();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + decoder.decode(value, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.startsWith(DATA)) told(line.slice(DATA.length));
  }
}
