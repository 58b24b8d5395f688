import { expect, test } from 'vitest';
import { html } from '../../../src/admin/view/html.js';
import { pageView, sceneOf } from '../../../src/admin/view/page-view.js';
import { statusOf, workerOf } from './status.ts';

const NASTY = `<script>alert("1")</script>' onload='`;

test('what is filled in is escaped, for content and attributes', () => {
  expect(html`<p title="${NASTY}">${NASTY}</p>`.text).toBe(`<p title="${ESCAPED}">${ESCAPED}</p>`);
  expect(html`${[html`<b>${'&'}</b>`]}${false}${undefined}${0}`.text).toBe('<b>&amp;</b>0');
});

const ESCAPED = '&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39; onload=&#39;';

test('whatever a worker or an operator may have written is text on the page', () => {
  const line = JSON.stringify({
    time: 1,
    level: 50,
    event: NASTY,
    msg: NASTY,
    reason: NASTY,
    generation: 1,
    slot: NASTY,
    lastLines: [NASTY],
  });
  const failure = JSON.stringify({ ...(JSON.parse(line) as object), event: 'reload.failed' });
  const status = statusOf({
    name: NASTY,
    state: NASTY,
    version: NASTY,
    listeners: [{ port: 1, mode: NASTY, addresses: [NASTY], connections: 1 }],
    workers: [workerOf(1, { state: NASTY })],
    reloads: { done: 0, failed: 1, lastError: NASTY },
  });
  for (const lines of [
    [line, failure],
    [line, 'no JSON', 'null', '1'],
  ]) {
    const page = pageView(sceneOf(status, lines, 1_000)).text;
    expect(page).toContain(ESCAPED);
    expect(page).not.toContain('<script>alert');
    expect(page).not.toContain("onload='");
  }
});

test('what a front does not tell is left open', () => {
  const page = pageView(sceneOf(statusOf({ workers: [], listeners: [] }), [], 1_000)).text;
  expect(page).toContain('No worker runs.');
  expect(page).not.toMatch(/undefined|NaN|Infinity/);
});

test('the last error is told where the log does not have it any more', () => {
  const reloads = { done: 0, failed: 1, lastError: 'Worker 1 was not ready in time' };
  expect(pageView(sceneOf(statusOf({ reloads }), [], 1_000)).text).toContain('Worker 1 was not ready in time');
});

test('a pause says how long it lasts yet', () => {
  const pause = { held: 12, inFlight: 0, remainingMs: 28_000 };
  expect(pageView(sceneOf(statusOf({ state: 'paused', pause }), [], 1_000)).text).toMatch(
    /Paused\.<\/strong> 12 wait, 0 in flight\. It ends by itself in\s+28s/,
  );
});

const NOW = 100_000;

/** The page as text, an entry being told by its event and fields. */
function textOf(other: Parameters<typeof statusOf>[0], ...entries: readonly object[]): string {
  const lines = entries.map((entry) => JSON.stringify({ time: NOW - 500, level: 50, msg: '', ...entry }));
  return textIn(pageView(sceneOf(statusOf(other), lines, NOW)).text);
}

const textIn = (page: string) =>
  page
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim();

const CRASH = { event: 'worker.exited', slot: 0, generation: 1, state: 'ready', msg: 'Worker 0 exited with code 7' };
const VACANCY = { slot: 0, generation: 1, restarts: 7, isCrashLooping: true, remainingMs: 3_000 };

test('an instance without a ready worker is not called serving, and says how the last one ended', () => {
  const text = textOf({ workers: [], vacancies: [VACANCY] }, CRASH);
  expect(text).toMatch(/^no worker ready · shop · zdlb/);
  expect(text).toMatch(/No worker is ready\. .* Worker 0 exited with code 7/);
  expect(text).toContain('Workers ready 0 of 1');
});

test.each(['starting', 'stopping'])('one that is %s is not called down', (state) => {
  const workers = [workerOf(1, { state }), workerOf(1, { state, slot: 1 })];
  const text = textOf({ state, generation: state === 'starting' ? 0 : 1, workers });
  expect(text).not.toContain('No worker is ready');
  expect(text).toMatch(new RegExp(`^${state} · shop`));
  expect(text).toContain('Workers ready 0 of 2');
});

test('a worker in a crash loop is named, while it is there and while its slot is empty', () => {
  const other = workerOf(1, { slot: 1 });
  const looping = /Worker 0 crashes again and again\..*Worker 0 exited with code 7/;
  expect(textOf({ workers: [workerOf(1, { isCrashLooping: true }), other] }, CRASH)).toMatch(looping);
  const gone = textOf({ workers: [other], vacancies: [VACANCY] }, CRASH);
  expect(gone).toMatch(looping);
  expect(gone).toContain('Workers ready 1 of 2');
  expect(gone).toMatch(/0 ?crash loop ?1 ?– ?– ?– ?– ?– ?7 ?– ?–/);
});

test('a place counts once, whoever has ended there or is about to replace its worker', () => {
  const ended = workerOf(1, { state: 'exited', isCrashLooping: true });
  const other = workerOf(1, { slot: 1 });
  const gone = textOf({ workers: [ended, other], vacancies: [VACANCY] }, CRASH);
  expect(gone).toContain('Worker 0 crashes again and again.');
  expect(gone).toContain('Workers ready 1 of 2');
  const successor = workerOf(1, { state: 'starting', isCrashLooping: true });
  const replaced = textOf({ workers: [workerOf(1, { isCrashLooping: true }), successor, other] }, CRASH);
  expect(replaced).toContain('Worker 0 crashes again and again.');
  expect(replaced).toContain('Workers ready 2 of 2');
});

test('a place of a generation that has been relieved is not waited for', () => {
  const text = textOf({ generation: 2, workers: [workerOf(2)], vacancies: [VACANCY] }, CRASH);
  expect(text).toContain('Workers ready 1 of 1');
  expect(text).not.toContain('again and again');
});

test('workers that are ailing are named', () => {
  const workers = [0, 1, 2].map((slot) => workerOf(1, { slot, isAiling: slot > 0 }));
  expect(textOf({ workers })).toContain('Workers 1, 2 are ailing');
});

test('a watch says who is kept warm, and for how long yet', () => {
  const watched = { state: 'watching', generation: 2, workers: [workerOf(1), workerOf(2)] };
  const entry = { event: 'reload.watching', level: 30, generation: 2, former: [1], ms: 30_000 };
  expect(textOf(watched, entry)).toContain('Generation 2 serves, and the former one is kept warm for 29s');
  expect(textOf(watched)).toContain('Generation 2 serves, and the former one is kept warm: it takes over');
});

test('a generation that was taken back did not just fail', () => {
  const text = textOf(
    { reloads: { done: 0, failed: 1, lastError: 'errs' } },
    { event: 'worker.ready', level: 30, generation: 1 },
    { event: 'serving', level: 30 },
    { event: 'reload.watching', level: 30, generation: 2, former: [1], ms: 30_000 },
    { event: 'reload.failed', generation: 2, reason: 'errs' },
  );
  expect(text).toContain('The last reload was taken back');
});

test('what has no port is not told to have had no requests', () => {
  const text = textOf({ listeners: [], requests: { total: 0, failed: 0, retried: 0, held: 0 } });
  expect(text).not.toContain('since the start');
  expect(text).toContain('Reloads 0');
});
