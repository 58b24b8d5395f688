import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from './free-port.ts';
import { EXACTLY_ONCE, Ledger } from './ledger.ts';
import { startLoad } from './load.ts';
import { LOADS } from './loads.ts';
import { fixture, Release } from './release.ts';

// The loads must be able to fail: here they meet the program with nothing in front of it.

interface Plain {
  readonly port: number;
  readonly ledger: Ledger;
  restart(): Promise<void>;
}

async function startPlain(): Promise<Plain> {
  const release = await Release.create(await fixture('load-server.cjs'));
  const ledger = await Ledger.create();
  const port = await freePort();
  let child: ChildProcess;
  const start = async (): Promise<void> => {
    child = fork(release.script, { env: { PORT: String(port), LEDGER: ledger.path } });
    await accepting(port);
  };
  onTestFinished(() => void child.kill('SIGKILL'));
  await start();
  const restart = async (): Promise<void> => {
    child.kill('SIGKILL');
    await once(child, 'exit');
    await release.overwrite(2);
    await start();
  };
  return { port, ledger, restart };
}

async function accepting(port: number): Promise<void> {
  for (;;) {
    const socket = connect({ port, host: '127.0.0.1' });
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
    await pause(10);
  }
}

test.for(LOADS)('$name loses nothing on a server that is left alone', async (kind) => {
  const plain = await startPlain();
  const load = startLoad(kind, plain.port);
  await load.tally.answeredBy('version', 1);
  const tally = await load.stop();
  expect(tally.outcomes, tally.examples.join('\n')).toEqual({ ok: tally.issued });
  expect(await plain.ledger.audit(tally.ids())).toEqual(EXACTLY_ONCE);
});

test.for(LOADS)('$name notices a server that is restarted', async (kind) => {
  const plain = await startPlain();
  const load = startLoad(kind, plain.port);
  await load.tally.answeredBy('version', 1);
  await plain.restart();
  await load.tally.answeredBy('version', 2);
  const { outcomes } = await load.stop();
  const { ok: _, ...failures } = outcomes;
  expect(failures).not.toEqual({});
});
