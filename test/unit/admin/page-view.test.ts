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
