import type { ServerResponse } from 'node:http';
import type { Answer } from './heads.js';

/** Sends the head of a worker's answer; Node frames the body that follows. */
export function beginAnswer(response: ServerResponse, { status, reason, lines, endsWithConnection }: Answer): void {
  addNothing(response);
  if (endsWithConnection) response.removeHeader('Transfer-Encoding');
  response.writeHead(status, reason, lines as string[]);
  // Node holds a head back until it can go out in one write with the body, which may take its time.
  setImmediate(() => {
    if (!response.writableEnded) response.flushHeaders();
  });
}

/** Sends a whole answer that zdlb gives, by way of Node, which keeps its own count of what is answered. */
export function giveAnswer(response: ServerResponse, text: string): void {
  const headEnd = text.indexOf('\r\n\r\n');
  const [first = '', ...lines] = text.slice(0, headEnd).split('\r\n');
  const [, status, reason] = /^\S+ (\d+) (.*)$/.exec(first)!;
  addNothing(response);
  response.writeHead(
    Number(status),
    reason,
    lines.flatMap((line) => line.split(/: (.*)/, 2)),
  );
  response.end(text.slice(headEnd + 4));
}

/** What is to be said of the date and of the connection stands in the answer already. */
function addNothing(response: ServerResponse): void {
  response.sendDate = false;
  response.removeHeader('Connection');
}
