import { moment } from './figures.js';
import { type Html, html } from './html.js';
import { type Place, type Status, isDown, wantedOf } from './status.js';
import type { Story } from './story.js';

/** Workers that don't do their work, the worst first; undefined when all do. */
export function troubleView(status: Status, story: Story, now: number): Html | undefined {
  if (isDown(status))
    return html`<div class="notice bad" data-key="trouble">
      <p><strong>No worker is ready.</strong> New requests wait for one, and are refused in the end.</p>
      ${crashView(story, now)}
    </div>`;
  const looping = wantedOf(status).filter(({ isCrashLooping }) => isCrashLooping === true);
  if (looping.length > 0)
    return html`<div class="notice wait" data-key="trouble">
      <p>
        <strong>${named(looping, 'crashes', 'crash')} again and again.</strong> Each new start waits longer than the one
        before.
      </p>
      ${crashView(story, now)}
    </div>`;
  const ailing = wantedOf(status).filter(({ isAiling }) => isAiling === true);
  if (ailing.length === 0) return undefined;
  return html`<div class="notice wait" data-key="trouble">
    <p>
      <strong>${named(ailing, 'is', 'are')} ailing:</strong> health probes fail, or the event loop is blocked. New work
      goes to others while there are any.
    </p>
  </div>`;
}

/** A worker and the one that is to replace it have one number. */
function named(places: readonly Place[], one: string, several: string): string {
  const numbers = [...new Set(places.map(({ slot }) => slot))];
  return numbers.length === 1 ? `Worker ${numbers[0]} ${one}` : `Workers ${numbers.join(', ')} ${several}`;
}

const crashView = ({ crash }: Story, now: number) =>
  crash !== undefined && html`<p class="reason">${moment(crash.time, now)}: ${crash.msg}</p>`;
