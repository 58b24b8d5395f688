import { type Entry, lastLinesIn, weightOf } from './entry.js';
import { moment } from './figures.js';
import { type Html, html } from './html.js';

/** So many of the last events are shown. */
const SHOWN = 60;

/** What zdlb has logged last, the newest on top. */
export function eventsView(entries: readonly Entry[], now: number): Html {
  const shown = entries.slice(-SHOWN).toReversed();
  if (shown.length === 0) return html`<p class="empty">Nothing was logged yet, or --log-level leaves it out.</p>`;
  return html`<ol class="events">
    ${shown.map((entry) => entryView(entry, now))}
  </ol>`;
}

function entryView(entry: Entry, now: number): Html {
  const lines = lastLinesIn(entry);
  return html`<li data-weight="${weightOf(entry)}" data-key="${keyOf(entry)}">
    <time datetime="${new Date(entry.time).toISOString()}">${moment(entry.time, now)}</time>
    <span class="event">${entry.event}</span>
    <span class="msg">${entry.msg}</span>
    ${
      lines.length > 0 &&
      html`<details>
        <summary>Last lines of the worker</summary>
        <pre>${lines.join('\n')}</pre>
      </details>`
    }
  </li>`;
}

/** Entries have no number; one of the same event in the same millisecond about the same worker is the same. */
const keyOf = ({ time, event, slot, generation }: Entry) => [time, event, slot, generation].map(String).join(' ');
