import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { connect as connectTls } from 'node:tls';
import { request } from 'undici';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../kit/free-port.ts';
import { type Front, spawnFront } from '../kit/front.ts';
import { startLoad } from '../kit/load.ts';
import { LIGHT } from '../kit/loads.ts';
import { Release, fixture } from '../kit/release.ts';
import { Wire } from '../kit/wire.ts';

const CERTIFICATES = fileURLToPath(new URL('../fixtures/agent', import.meta.url));
const RELOADS = Number(process.env['ZDLB_TEST_RELOADS'] ?? 2);

type Dial = () => Socket;

/** The program with all its ports, at version 1. */
async function scene(workers: number, ...args: string[]) {
  const release = await Release.create(await fixture('many-ports.cjs'));
  const [http, tcp, tls, metrics] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const env = { CERTIFICATES, TCP_PORT: `${tcp}`, TLS_PORT: `${tls}`, METRICS_PORT: `${metrics}` };
  const front = spawnFront({
    script: release.script,
    args: ['--port', `${http}`, '--workers', `${workers}`, ...args],
    env,
  });
  await front.event('serving');
  const host = '127.0.0.1';
  const dials = {
    tcp: () => connect({ port: tcp, host, allowHalfOpen: true }),
    tls: () => connectTls({ port: tls, host, rejectUnauthorized: false }),
  };
  return { front, release, ports: { http, tcp, tls, metrics }, dials };
}

/** Says something to the echo, on a new connection; the answer. */
async function ask(dial: Dial): Promise<string> {
  const wire = wireTo(dial);
  wire.send('hi\n');
  const answer = await wire.gets('hi\n');
  wire.socket.end();
  await wire.ends();
  return answer.trimEnd();
}

function wireTo(dial: Dial): Wire {
  const wire = new Wire(dial());
  onTestFinished(() => void wire.socket.destroy());
  return wire;
}

/** Asks over and over until it is stopped; the answers, and what went wrong. */
function askOn(dial: Dial) {
  const answers = new Map<string, number>();
  const stop = new AbortController();
  const lane = async () => {
    while (!stop.signal.aborted) {
      const answer = await ask(dial).catch((error: Error) => `failed: ${error.message}`);
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
    }
  };
  const lanes = Promise.all([lane(), lane()]);
  onTestFinished(() => stop.abort());
  return {
    stop: async () => {
      stop.abort();
      await lanes;
      return [...answers.keys()].toSorted();
    },
  };
}

async function metricsOf(port: number): Promise<string> {
  const { body } = await request(`http://127.0.0.1:${port}/`, { reset: true });
  return body.text();
}

/** The modes of the ports that were opened, by port. */
const modes = (front: Front) =>
  Object.fromEntries(
    front.entries.filter(({ event }) => event === 'listening').map(({ port, mode }) => [Number(port), mode]),
  );

test('HTTP, TCP, TLS and a late port of one program all outlive reloads and a crash under load', async () => {
  const { front, release, ports, dials } = await scene(2);
  await front.event('listening', ({ port }) => port === ports.metrics);
  expect(modes(front)).toEqual({
    [ports.http]: 'http',
    [ports.tcp]: 'tcp',
    [ports.tls]: 'tcp',
    [ports.metrics]: 'http',
  });
  const load = startLoad(LIGHT, ports.http);
  const echoes = [askOn(dials.tcp), askOn(dials.tls)];
  await load.tally.answeredBy('version', 1);
  const versions = ['1'];
  for (let version = 2; version <= 1 + RELOADS; version++) {
    await release.deploy(version);
    expect(await front.reload()).toMatchObject({ event: 'reload.done' });
    versions.push(String(version));
    // A worker of the new code is ready when it has opened all that the old one has.
    expect(await ask(dials.tcp)).toBe(`${version} ::ffff:127.0.0.1 hi`);
    expect(await ask(dials.tls)).toBe(`${version} ::ffff:127.0.0.1 hi`);
    expect(await metricsOf(ports.metrics)).toBe(String(version));
  }
  const all = versions.map((version) => `${version} ::ffff:127.0.0.1 hi`).toSorted();
  expect(await echoes[0]!.stop()).toEqual(all);
  expect(await echoes[1]!.stop()).toEqual(all);
  expect((await load.stop()).outcomes).toEqual({ ok: load.tally.issued });

  const [victim] = front.workers(1 + RELOADS).values();
  process.kill(victim!, 'SIGKILL');
  await front.event('worker.exited', ({ pid }) => pid === victim);
  for (const dial of [dials.tcp, dials.tls, dials.tcp, dials.tls])
    expect(await ask(dial)).toBe(`${1 + RELOADS} ::ffff:127.0.0.1 hi`);
});

test('a port that the program closes and opens again serves those who came meanwhile', async () => {
  const { front, ports, dials } = await scene(1, '--sticky', 'cookie');
  const { msg } = await front.event('listening', ({ port }) => port === ports.tcp);
  expect(msg).toMatch(/, balancing connections: --sticky does nothing there$/);
  const tell = async (what: string) => (await request(`http://127.0.0.1:${ports.http}/${what}`)).body.text();
  expect(await ask(dials.tcp)).toMatch(/^1 .* hi$/);
  await tell('close');
  const early = ask(dials.tcp);
  await tell('open');
  expect(await early).toMatch(/^1 .* hi$/);
  expect(await ask(dials.tcp)).toMatch(/^1 .* hi$/);
  expect(await ask(dials.tls)).toMatch(/^1 .* hi$/);
});

test('a connection on one port keeps its worker while the others have moved on; --mode tcp is for all of them', async () => {
  const { front, release, ports, dials } = await scene(1, '--mode', 'tcp');
  await front.event('listening', ({ port }) => port === ports.metrics);
  expect(new Set(Object.values(modes(front)))).toEqual(new Set(['tcp']));
  expect(await metricsOf(ports.metrics)).toBe('1');
  const held = wireTo(dials.tcp);
  held.send('one');
  await held.gets('1 ::ffff:127.0.0.1 one');
  await release.deploy(2);
  expect(await front.reload()).toMatchObject({ event: 'reload.done' });
  expect(await ask(dials.tls)).toMatch(/^2 /);
  held.send('two');
  await held.gets('1 ::ffff:127.0.0.1 two');
  expect(front.entries.some(({ event }) => event === 'worker.exited')).toBe(false);
  held.socket.end();
  await front.event('worker.exited', ({ generation }) => generation === 1);
});
