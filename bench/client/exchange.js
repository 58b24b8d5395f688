// @ts-check

/** How long an answer may take (ms). */
const ANSWER_MS = 30_000;

/**
 * Sends a GET for `/` and reads the answer, which must be a 200 with the expected body and no framing but a length. Leaves no
 * listener behind.
 *
 * @param {import('node:net').Socket} socket one that emits strings
 * @param {string} fields of the request, each with its line end
 * @param {string} answer the body
 * @returns {Promise<void>}
 */
export function exchange(socket, fields, answer) {
  return new Promise((resolve, reject) => {
    let text = '';

    /** @param {string} chunk */
    function read(chunk) {
      text += chunk;
      if (!isComplete(text, answer)) return;
      if (text.startsWith('HTTP/1.1 200 ') && text.endsWith(`\r\n\r\n${answer}`)) leave(resolve);
      else fail(`wrong answer: ${JSON.stringify(text.slice(0, 200))}`);
    }

    /** @param {() => void} settle */
    function leave(settle) {
      socket.off('data', read).off('end', end).off('error', fail).setTimeout(0).off('timeout', tire);
      settle();
    }

    /** @param {string | Error} reason */
    function fail(reason) {
      socket.destroy();
      leave(() => reject(reason instanceof Error ? reason : new Error(reason)));
    }

    const end = () => fail('a connection was closed before its answer was complete');
    const tire = () => fail(`no answer within ${ANSWER_MS / 1000} s`);
    socket.on('data', read).on('end', end).on('error', fail).setTimeout(ANSWER_MS).on('timeout', tire);
    socket.write(`GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n${fields}\r\n`);
  });
}

/** @param {string} text @param {string} answer */
function isComplete(text, answer) {
  const head = text.indexOf('\r\n\r\n');
  return head >= 0 && text.length >= head + 4 + answer.length;
}
