import type { Chapter, Mark, Span } from './chapter.js';
import { age, moment } from './figures.js';
import { type Html, html } from './html.js';
import type { Story } from './story.js';

/** So many generations are shown, the newest ones. */
const SHOWN = 7;
/** What is younger than this has most of the room: what happens is to be seen as it happens. */
const NEAR_MS = 10_000;
const LEAST_MS = 60_000;
const TICKS = [10_000, 60_000, 600_000, 3_600_000, 6 * 3_600_000, 86_400_000, 7 * 86_400_000];
/** A label nearer to an end of the axis, in percent, has no room; nor has one as near to `now` on a narrow screen. */
const CROWDED = 6;
const CROWDED_ON_NARROW = 20;

/** The generations as lanes, the newest on top; time runs to the right, and the longer ago the denser. */
export function timelineView(story: Story, now: number): Html {
  const shown = story.chapters.slice(-SHOWN).toReversed();
  const oldest = Math.min(...shown.map(({ began }) => began));
  const axis = new Axis(now, Math.max(LEAST_MS, now - oldest));
  return html`<ol class="lanes">
      ${shown.map((chapter) => laneView(chapter, axis))}
    </ol>
    <div class="axis" aria-hidden="true">
      ${axis.ticks.map((tick) => tickView(axis, tick))}
      <svg class="tick now" width="100%" height="16"><text x="100%" y="12">now</text></svg>
    </div>`;
}

/** Where a moment stands, in percent from the left: by the logarithm of how long ago it is. */
class Axis {
  readonly now: number;
  readonly #range: number;

  constructor(now: number, longest: number) {
    this.now = now;
    this.#range = Math.log1p(longest / NEAR_MS);
  }

  at(time: number): number {
    const back = Math.log1p(Math.max(0, this.now - time) / NEAR_MS) / this.#range;
    return Math.round((1 - Math.min(1, back)) * 10_000) / 100;
  }

  get ticks(): readonly number[] {
    return TICKS.filter((ago) => Math.abs(50 - this.at(this.now - ago)) < 50 - CROWDED);
  }
}

function tickView(axis: Axis, ago: number): Html {
  const x = axis.at(axis.now - ago);
  const kind = x > 100 - CROWDED_ON_NARROW ? 'tick crowded' : 'tick';
  return html`<svg class="${kind}" width="100%" height="16"><text x="${x}%" y="12">−${age(ago)}</text></svg>`;
}

function laneView(chapter: Chapter, axis: Axis): Html {
  return html`<li class="lane" data-key="g${chapter.generation}" data-phase="${stateOf(chapter)}">
    <span class="lane-name">Generation ${chapter.generation}</span>
    <span class="lane-state">${inWords(chapter, axis.now)}</span>
    <svg class="lane-line" width="100%" height="24" aria-hidden="true">
      <line class="rail" x1="0" x2="100%" y1="12" y2="12" />
      ${chapter.spans.map((span) => spanView(span, axis))} ${chapter.marks.map((mark) => markView(mark, axis))}
    </svg>
  </li>`;
}

function spanView({ phase, from, to }: Span, axis: Axis): Html {
  const left = axis.at(from);
  const width = Math.max(0.6, axis.at(to ?? axis.now) - left);
  const until = to === undefined ? '' : ` to ${moment(to, axis.now)}`;
  return html`<rect class="span ${phase}" x="${left}%" width="${width.toFixed(2)}%" y="7" height="10" rx="3">
    <title>${phase} from ${moment(from, axis.now)}${until}</title>
  </rect>`;
}

const SHAPES: Readonly<Record<Mark['kind'], string>> = {
  crash: 'M0 5 L7 12 L0 19 L-7 12 Z',
  failed: 'M-5 7 L5 17 M5 7 L-5 17',
  notice: 'M0 8 a4 4 0 1 0 0.01 0 Z',
};

function markView({ kind, at, text }: Mark, axis: Axis): Html {
  return html`<svg class="mark ${kind}" x="${axis.at(at)}%" overflow="visible">
    <path d="${SHAPES[kind]}"><title>${moment(at, axis.now)} ${text}</title></path>
  </svg>`;
}

const stateOf = ({ isOver, fate, phase }: Chapter) => (isOver ? fate : phase);

function inWords(chapter: Chapter, now: number): Html {
  const crashes = chapter.marks.filter(({ kind }) => kind === 'crash').length;
  const suffix = crashes === 0 ? '' : html`, <b>${crashes === 1 ? '1 crash' : `${crashes} crashes`}</b>`;
  const { isOver, fate, since, over = now, phase, began } = chapter;
  if (isOver && fate === 'failed') return html`failed to start ${moment(over, now)}`;
  if (isOver) return html`${fate} ${moment(over, now)} after ${age(over - began)}${part(suffix)}`;
  const doing = fate === 'taken back' ? 'taken back, retiring' : PHASES[phase];
  return html`${doing} for ${age(now - since)}${part(suffix)}`;
}

const part = (text: Html | string): Html | undefined => (typeof text === 'string' ? undefined : text);

const PHASES: Readonly<Record<Chapter['phase'], string>> = {
  starting: 'starting',
  serving: 'serving',
  standby: 'kept warm',
  retiring: 'retiring',
};
