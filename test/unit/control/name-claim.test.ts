import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { claimName } from '../../../src/control/name-claim.js';
import { sweepSockets } from '../../../src/control/stale-sockets.js';
import { temporaryFolder } from '../../kit/folder.ts';
import { staleSocket } from '../../kit/stale-socket.ts';

test('a stale socket that another one clears away at the same time is no obstacle', async () => {
  const folder = temporaryFolder();
  staleSocket(join(folder, 'api.sock'));
  const server = createServer();
  onTestFinished(() => void server.close());
  const swept = once(server, 'listening').then(async () => sweepSockets(folder)); // ahead of the claim's own look
  const claim = await claimName(server, folder, 'api', true);
  await swept;
  expect(claim.name).toBe('api');
});
