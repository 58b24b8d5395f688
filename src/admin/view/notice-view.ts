import { lastLinesIn } from './entry.js';
import { age, clock, count } from './figures.js';
import { type Html, html } from './html.js';
import type { Status, WorkerStatus } from './status.js';
import type { Story } from './story.js';

/** What wants to be read first: a pause or a reload under way, or how the last one failed; else nothing. */
export function noticeView(status: Status, story: Story, now: number): Html {
  if (status.pause !== undefined) return pausedView(status.pause);
  const coming = status.workers.filter(({ generation }) => generation > status.generation);
  if (status.state === 'reloading' && coming.length > 0) return reloadingView(coming);
  if (story.failure !== undefined) return failureView(status, story, now);
  return status.reloads.failed > 0 && status.reloads.done === 0 ? lastErrorView(status) : html``;
}

const pausedView = ({ held, inFlight, remainingMs }: NonNullable<Status['pause']>): Html =>
  html`<div class="notice wait">
    <p>
      <strong>Paused.</strong> ${count(held)} wait, ${count(inFlight)} in flight. It ends by itself in
      ${age(remainingMs)}, or with <code>zdlb resume</code>.
    </p>
  </div>`;

function reloadingView(coming: readonly WorkerStatus[]): Html {
  const ready = coming.filter(({ state }) => state === 'ready').length;
  return html`<div class="notice busy">
    <p>
      <strong>Reloading.</strong> Generation ${coming[0]?.generation} starts: ${ready} of ${coming.length} workers
      ready. Until they are, nothing changes for clients.
    </p>
    <progress max="${coming.length}" value="${ready}" aria-label="workers ready"></progress>
  </div>`;
}

function failureView(status: Status, { failure }: Story, now: number): Html {
  const reason = typeof failure?.['reason'] === 'string' ? failure['reason'] : failure?.msg;
  const lines = failure === undefined ? [] : lastLinesIn(failure);
  return html`<div class="notice bad">
    <p>
      <strong>The last reload failed</strong> ${age(now - (failure?.time ?? now))} ago, at
      ${clock(failure?.time ?? now)}. ${servingView(status)}
    </p>
    <p class="reason">${reason}</p>
    ${lines.length > 0 && html`<pre tabindex="0" aria-label="Last lines of the worker">${lines.join('\n')}</pre>`}
  </div>`;
}

const lastErrorView = (status: Status): Html =>
  html`<div class="notice bad">
    <p><strong>The last reload failed.</strong> ${servingView(status)}</p>
    <p class="reason">${status.reloads.lastError}</p>
  </div>`;

const servingView = ({ state }: Status): string =>
  state === 'mixed' ? 'Some workers are new, the others serve on with the former code.' : 'The former code serves on.';
