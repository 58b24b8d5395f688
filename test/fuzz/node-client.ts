import { Agent, type IncomingMessage, request } from 'node:http';
import { Duplex } from 'node:stream';
import { type Message, type Reading, pairs } from './reading.js';

/** The bytes of one connection to a client, and what the client had asked. */
export interface Answer {
  readonly text: string;
  readonly method: 'GET' | 'HEAD';
  /** Whether the connection ends behind them as it should, not by a reset. */
  readonly ends: boolean;
}

/** What Node's own client reads of each answer. */
export async function answersByNode(answers: readonly Answer[]): Promise<readonly Reading[]> {
  const readings = answers.map(({ text, method, ends }) => {
    const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
    const reading: { message: Message | undefined; hasFailed: boolean } = { message: undefined, hasFailed: false };
    const agent = new Agent();
    agent.createConnection = () => socket;
    const asked = request({ method, host: 'a', agent });
    asked.on('response', (response) => note(response, reading));
    asked.on('error', () => (reading.hasFailed = true));
    asked.end();
    // Not before the request has left: an answer that comes sooner is none.
    setImmediate(() => {
      if (text !== '') socket.push(Buffer.from(text, 'latin1'));
      if (ends) socket.push(null);
    });
    return { asked, socket, reading };
  });
  for (let turn = 0; turn < 8; turn++) await new Promise((resolve) => setImmediate(resolve));
  return readings.map(({ asked, socket, reading }) => {
    const { message, hasFailed } = reading;
    asked.on('error', () => {});
    asked.destroy();
    socket.destroy();
    return { messages: message === undefined ? [] : [message], end: hasFailed ? 'refused' : 'incomplete' };
  });
}

function note(response: IncomingMessage, reading: { message: Message | undefined }): void {
  let body = '';
  response.setEncoding('latin1').on('data', (text: string) => (body += text));
  response.on('error', () => {});
  response.on('end', () => {
    if (!response.complete) return;
    reading.message = {
      line: `${response.statusCode} ${response.statusMessage}`,
      fields: pairs(response.rawHeaders),
      trailers: pairs(response.rawTrailers),
      body,
    };
  });
}
