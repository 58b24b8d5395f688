import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ask } from '../../../src/control/client.js';
import { temporaryFolder } from '../../kit/folder.ts';

async function instance(answer: (destroy: () => void) => void) {
  const path = join(temporaryFolder(), 'api.sock');
  const server = createServer((socket) => socket.once('data', () => answer(() => socket.destroy()))).listen(path);
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return { name: 'api', path };
}

test('a front that does not answer in time is told from one that has gone', async () => {
  const question = { method: 'GET', path: '/status', timeoutMs: 100 } as const;
  await expect(ask(await instance(() => {}), question)).rejects.toMatchObject({
    code: 'busy',
    message: 'api has not answered for 100ms. Is it suspended?',
  });
  await expect(ask(await instance((destroy) => destroy()), question)).rejects.toMatchObject({ code: 'absent' });
});
