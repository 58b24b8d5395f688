import { serverNow } from './server-clock.js';

/** Of what is shown, in seconds. */
export const SPAN_S = 300;
/** Of a plot, in pixels. */
export const HEIGHT = 132;

/** @typedef {{ key: 'requests' | 'errors' | 'p50' | 'p90' | 'p99', name: string, colour: string, isFilled?: boolean }} Line */
/** @typedef {{ title: string, lines: readonly Line[], show: (value: number | null) => string, isWide?: boolean }} Kind */

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
 * How a chart is drawn.
 *
 * @param {Kind} kind
 * @param {number} width
 * @param {() => void} pointed called when somebody points to another moment, or to none any more
 * @returns {uPlot.Options}
 */
export function optionsOf({ lines, show, isWide = false }, width, pointed) {
  return {
    width,
    height: HEIGHT,
    padding: [10, 16, 0, 0],
    legend: { show: false },
    // Who points to a moment in one chart reads it in all of them.
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false }, sync: { key: 'moment' } },
    hooks: { setCursor: [pointed] },
    scales: {
      x: { range: (_chart, _least, most) => span(most ?? serverNow() / 1_000) },
      y: isWide ? WIDE : PLAIN,
    },
    axes: axesOf(show, isWide),
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

/**
 * @param {Kind['show']} show
 * @param {boolean} isWide
 * @returns {uPlot.Axis[]}
 */
function axesOf(show, isWide) {
  const grid = { stroke: () => colour('--line'), width: 1 };
  const font = '11px system-ui, sans-serif';
  const axis = { stroke: () => colour('--muted'), font, grid, ticks: { show: false } };
  return [
    {
      ...axis,
      size: 22,
      space: 46,
      incrs: [60, 120, 300],
      grid: { show: false },
      values: (_chart, times) => times.map(clockOf),
    },
    {
      ...axis,
      ...(isWide && { filter: powersOfTen, grid: { ...grid, filter: powersOfTen } }),
      size: 52,
      space: 34,
      gap: 6,
      values: (_chart, values) => values.map((value) => (value === null ? null : show(value))),
    },
  ];
}

/**
 * @param {number} end in seconds
 * @returns {[number, number]}
 */
const span = (end) => [end - SPAN_S, end];

/** @param {number} seconds */
function clockOf(seconds) {
  const date = new Date(seconds * 1_000);
  return `${date.getHours()}:${String(date.getMinutes()).padStart(2, '0')}`;
}

/** @param {string} name of a custom property, whose value depends on whether it is dark */
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
