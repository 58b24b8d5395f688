import uPlot from './uplot.js';
import { latency, rate } from './view/figures.js';

const SPAN_S = 300;
const HEIGHT = 132;

/** @typedef {{ time: number, requests: number | null, errors: number | null, p50: number | null, p90: number | null, p99: number | null }} Point */
/** @typedef {{ key: 'requests' | 'errors' | 'p50' | 'p90' | 'p99', name: string, colour: string, isFilled?: boolean }} Line */
/** @typedef {{ title: string, lines: readonly Line[], show: (value: number | null) => string, isWide?: boolean }} Kind */

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
  /** @type {uPlot} */
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
    this.#curves = new uPlot(optionsOf(kind, this.#width), [[]], this.#plot);
  }

  get #width() {
    return Math.max(120, this.#plot.clientWidth);
  }

  fit() {
    if (this.#width !== this.#curves.width) this.#curves.setSize({ width: this.#width, height: HEIGHT });
  }

  /** @param {readonly Point[]} points */
  draw(points) {
    const times = points.map(({ time }) => time / 1_000);
    const lines = this.#kind.lines.map(({ key }) => points.map((point) => point[key]));
    this.#curves.setData([times, ...lines]);
    for (const [index, value] of this.#values.entries())
      value.textContent = this.#kind.show(lines[index]?.at(-1) ?? null);
  }
}

/** @type {uPlot.Scale} */
const PLAIN = { range: (_chart, _least, most) => [0, Math.max(4, (most ?? 0) * 1.15)] };

/**
 * By the logarithm, since what is slow is slower by orders of magnitude; from a power of ten to another.
 *
 * @type {uPlot.Scale}
 */
const WIDE = {
  distr: 3,
  range: (_chart, least, most) => [powerOfTen(Math.floor, least ?? 1), powerOfTen(Math.ceil, (most ?? 10) * 1.1)],
};

/**
 * @param {(exponent: number) => number} round
 * @param {number} value
 */
const powerOfTen = (round, value) => 10 ** round(Math.log10(Math.max(0.1, value)));

/** @type {uPlot.Axis.Filter} */
const powersOfTen = (_chart, splits) => splits.map((split) => (Math.log10(split) % 1 === 0 ? split : null));

/**
 * @param {Kind} kind
 * @param {number} width
 * @returns {uPlot.Options}
 */
function optionsOf({ lines, show, isWide = false }, width) {
  const grid = { stroke: () => colour('--line'), width: 1 };
  const font = '11px system-ui, sans-serif';
  const axis = { stroke: () => colour('--muted'), font, grid, ticks: { show: false } };
  return {
    width,
    height: HEIGHT,
    padding: [10, 16, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { range: (_chart, _least, most) => [most - SPAN_S, most] },
      y: isWide ? WIDE : PLAIN,
    },
    axes: [
      { ...axis, size: 22, space: 70, grid: { show: false }, values: (_chart, times) => times.map(clockOf) },
      {
        ...axis,
        ...(isWide && { filter: powersOfTen, grid: { ...grid, filter: powersOfTen } }),
        size: 52,
        space: 34,
        gap: 6,
        values: (_chart, values) => values.map((value) => (value === null ? null : show(value))),
      },
    ],
    series: [
      {},
      ...lines.map((line) => ({
        stroke: () => colour(line.colour),
        width: 1.75,
        points: { show: false },
        ...(line.isFilled === true && { fill: () => `${colour(line.colour)}1f` }),
      })),
    ],
  };
}

/** @param {number} seconds */
function clockOf(seconds) {
  const date = new Date(seconds * 1_000);
  return `${date.getHours()}:${String(date.getMinutes()).padStart(2, '0')}`;
}

/** @param {string} name of a custom property, whose value depends on whether it is dark */
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

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
