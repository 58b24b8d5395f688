import { lastLinesIn, numberIn } from './entry.js';
import { age, count, moment } from './figures.js';
import { type Html, html } from './html.js';
import type { Status, WorkerStatus } from './status.js';
import type { Story } from './story.js';
import { troubleView } from './trouble-view.js';

/** What wants to be read first: workers in trouble; a pause, a reload or a watch under way, or how the last reload failed. */
export function noticeView(status: Status, story: Story, now: number): Html {
  return html`${troubleView(status, story, now)} ${reloadView(status, story, now)}`;
}

function reloadView(status: Status, story: Story, now: number): Html | undefined {
  if (status.pause !== undefined) return pausedView(status.pause);
  const coming = status.workers.filter(({ generation }) => generation > status.generation);
  if (status.state === 'reloading' && coming.length > 0) return reloadingView(coming);
  if (status.state === 'watching') return watchingView(status, story, now);
  if (story.failure !== undefined) return failureView(status, story, now);
  return status.reloads.failed > 0 && status.reloads.done === 0 ? lastErrorView(status) : undefined;
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

/** Without the entry, because the log has it no more, nobody here knows for how long. */
function watchingView({ generation }: Status, { watch }: Story, now: number): Html {
  const until = watch === undefined ? undefined : watch.time + (numberIn(watch, 'ms') ?? 0);
  return html`<div class="notice busy">
    <p>
      <strong>Watching.</strong> Generation ${generation} serves, and the former one is kept
      warm${until !== undefined && html` for ${age(until - now)}`}: it takes over again if the new one errs, or with
      <code>zdlb rollback</code>.
    </p>
  </div>`;
}

function failureView(status: Status, { failure, chapters }: Story, now: number): Html {
  const reason = typeof failure?.['reason'] === 'string' ? failure['reason'] : failure?.msg;
  const lines = failure === undefined ? [] : lastLinesIn(failure);
  const isBack = chapters.some(
    ({ generation, fate }) => generation === failure?.['generation'] && fate === 'taken back',
  );
  return html`<div class="notice bad">
    <p>
      <strong>The last reload ${isBack ? 'was taken back' : 'failed'}</strong> ${age(now - (failure?.time ?? now))} ago,
      at ${moment(failure?.time ?? now, now)}. ${servingView(status)}
    </p>
    <p class="reason">${reason}</p>
    ${lines.length > 0 && html`<pre tabindex="0" aria-label="Last lines of the worker">${lines.join('\n')}</pre>`}
  </div>`;
}

const lastErrorView = (status: Status): Html =>
  html`<div class="notice bad">
    <p><strong>The last reload failed.</strong> ${servingView(status)}</p>
    <p class="reason">${status.reloads.lastError ?? ''}</p>
  </div>`;

const servingView = ({ state }: Status): string =>
  state === 'mixed' ? 'Some workers are new, the others serve on with the former code.' : 'The former code serves on.';
