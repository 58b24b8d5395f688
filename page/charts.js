import { HEIGHT, SPAN_S, optionsOf } from './chart-options.js';
import uPlot from './uplot.js';
import { clock, latency, rate } from './view/figures.js';

/** @typedef {import('./chart-options.js').Kind} Kind */
/** @typedef {{ time: number, requests: number | null, errors: number | null, p50: number | null, p90: number | null, p99: number | null }} Point */

/** @param {number | null} value */
const perSecond = (value) => (value === null ? '–' : rate(value));

/** @type {readonly Kind[]} */
const KINDS = [
  {
    title: 'Requests per second',
    lines: [{ key: 'requests', name: '', colour: '--serving', isFilled: true }],
    show: perSecond,
  },
  {
    title: 'Latency',
    lines: [
      { key: 'p50', name: 'p50', colour: '--p50' },
      { key: 'p90', name: 'p90', colour: '--p90' },
      { key: 'p99', name: 'p99', colour: '--p99' },
    ],
    show: latency,
    isWide: true,
  },
  {
    title: 'Errors per second',
    lines: [{ key: 'errors', name: '', colour: '--bad', isFilled: true }],
    show: perSecond,
  },
];

/** The last five minutes as curves. */
export class Charts {
  /** @type {Point[]} */
  #points = [];
  /** @type {readonly Chart[]} */
  #charts;

  /** @param {HTMLElement} place */
  constructor(place) {
    this.#charts = KINDS.map((kind) => new Chart(kind, place));
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#draw());
    new ResizeObserver(() => this.#charts.forEach((chart) => chart.fit())).observe(place);
  }

  /** The time of the latest point that is drawn; 0 without. */
  get latest() {
    return this.#points.at(-1)?.time ?? 0;
  }

  /** @param {readonly Point[]} points those that came behind the latest */
  add(points) {
    this.#points.push(...points);
    this.#points.splice(0, this.#points.length - SPAN_S);
    if (points.length > 0) this.#draw();
  }

  #draw() {
    for (const chart of this.#charts) chart.draw(this.#points);
  }
}

class Chart {
  /** @type {Kind} */
  #kind;
  /** @type {HTMLElement} */
  #plot;
  /** @type {HTMLElement[]} */
  #values;
  /** @type {HTMLElement} */
  #at;
  /** @type {uPlot | undefined} */
  #curves;

  /**
   * @param {Kind} kind
   * @param {HTMLElement} place
   */
  constructor(kind, place) {
    this.#kind = kind;
    const figure = append(place, 'figure', 'chart');
    const caption = append(figure, 'figcaption', '');
    append(caption, 'span', 'title').textContent = kind.title;
    this.#values = kind.lines.map(({ name, key }) => {
      const shown = append(caption, 'span', `value ${key}`);
      if (name !== '') append(shown, 'span', 'name').textContent = name;
      return append(shown, 'span', 'number');
    });
    this.#plot = append(figure, 'div', 'plot');
    this.#plot.setAttribute('aria-hidden', 'true');
    this.#at = append(this.#plot, 'span', 'at');
    this.#curves = new uPlot(
      optionsOf(kind, this.#width, () => this.#read()),
      [[]],
      this.#plot,
    );
    this.#read();
  }

  get #width() {
    return Math.max(120, this.#plot.clientWidth);
  }

  fit() {
    if (this.#width !== this.#curves?.width) this.#curves?.setSize({ width: this.#width, height: HEIGHT });
  }

  /** @param {readonly Point[]} points */
  draw(points) {
    const times = points.map(({ time }) => time / 1_000);
    const lines = this.#kind.lines.map(({ key }) => points.map((point) => point[key]));
    this.#curves?.setData([times, ...lines]);
    this.#read();
  }

  /** Tells the values where somebody points to, and else the latest. */
  #read() {
    const [times = [], ...lines] = this.#curves?.data ?? [];
    const index = this.#curves?.cursor.idx ?? undefined;
    const time = index === undefined ? undefined : times[index];
    this.#at.textContent = time === undefined ? '' : clock(time * 1_000);
    for (const [at, value] of this.#values.entries())
      value.textContent = this.#kind.show(lines[at]?.at(index ?? -1) ?? null);
  }
}

/**
 * @param {HTMLElement} parent
 * @param {string} tag
 * @param {string} className
 */
function append(parent, tag, className) {
  const element = document.createElement(tag);
  element.className = className;
  parent.append(element);
  return element;
}
