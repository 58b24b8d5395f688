// @ts-check
import { format, resolveConfig } from 'prettier';
import { IDLE_CONNECTIONS } from './rounds.js';
import { targets } from './targets.js';

/**
 * @typedef {import('./rounds.js').Row} Row
 * @typedef {import('./rounds.js').Section} Section
 * @typedef {import('./rounds.js').IdleRow} IdleRow
 * @typedef {import('./contestants/contestant.js').Contestant} Contestant
 * @typedef {import('./contestants/contestant.js').Family} Family
 */
/**
 * @typedef {object} Results
 * @property {string} machine
 * @property {string} versions
 * @property {number} rounds
 * @property {number} seconds of a turn
 * @property {number} workers
 * @property {readonly Section[]} sections
 * @property {readonly IdleRow[]} idle
 * @property {readonly { contestant: Contestant, reason: string }[]} absent
 */

const NONE = '–';
/** @type {readonly Family[]} */
const PEERS = ['nginx', 'HAProxy', 'http-proxy'];

/** The results as Markdown, laid out for a terminal as well. @param {Results} results */
export async function report(results) {
  const { rounds, seconds, workers, absent } = results;
  const text = [
    `${results.machine}. ${results.versions}.`,
    `${rounds === 1 ? 'One round' : `Medians of ${rounds} rounds`} of ${seconds} s in an order that rotates; ${workers} workers; each proxy is one process or thread.`,
    ...results.sections.flatMap((section) => [`### ${section.load.title}`, loadTable(section), primaries(section)]),
    ...(results.idle.length > 0 ? [`### ${count(IDLE_CONNECTIONS)} idle connections`, idleTable(results.idle)] : []),
    ...agentSection(results.sections),
    '### Targets',
    targetTable(results),
    ...absent.map(({ contestant, reason }) => `Left out: ${contestant.title}: ${reason}.`),
  ];
  const options = (await resolveConfig(new URL(import.meta.url))) ?? {};
  return format(text.filter((part) => part !== '').join('\n\n'), { ...options, parser: 'markdown' });
}

/** @param {Section} section */
function loadTable({ rows }) {
  const head = [
    '',
    'requests/s',
    'p50 ms',
    'p99 ms',
    'proxy µs/request',
    ...PEERS.map((peer) => `× ${peer}`),
    'workers µs/request',
  ];
  const lines = rows.map(({ contestant, figures }) => [
    contestant.title,
    count(figures.perSecond),
    fixed(figures.p50, 2),
    fixed(figures.p99, 2),
    hasProxy(contestant) ? fixed(figures.proxyCpu, 1) : NONE,
    ...PEERS.map((family) => proxyRatio(rows, contestant, figures.proxyCpu, family)),
    fixed(figures.workersCpu, 1),
  ]);
  return table(head, lines);
}

/** @param {readonly Row[]} rows @param {Contestant} contestant @param {number} cpu of its proxy @param {Family} family */
function proxyRatio(rows, contestant, cpu, family) {
  return hasProxy(contestant) ? ratio(cpu, peerOf(rows, contestant, [family])?.figures.proxyCpu) : NONE;
}

/** @param {Contestant} contestant */
function hasProxy({ family }) {
  return family !== 'direct' && family !== 'shared';
}

/** Where there is no proxy, what stands in for it. @param {Section} section */
function primaries({ rows }) {
  const texts = rows
    .filter(({ figures }) => figures.primaryCpu !== undefined)
    .map(({ contestant, figures }) => `${contestant.title} ${fixed(figures.primaryCpu, 1)}`);
  return texts.length === 0 ? '' : `CPU of the primary process, µs/request: ${texts.join('; ')}.`;
}

/** @param {readonly IdleRow[]} rows */
function idleTable(rows) {
  const lines = rows.map(({ contestant, memory }) => [
    contestant.title,
    mebibytes(memory.before),
    mebibytes(memory.after),
    fixed(memory.perConnection / 1024, 2),
  ]);
  return table(['', 'resident before, MiB', 'with them, MiB', 'KiB per connection'], lines);
}

/** The worker's side of the client's address: the same program with and without the agent, behind a proxy either way. @param {readonly Section[]} sections */
function agentSection(sections) {
  const lines = sections.flatMap(({ load, rows }) =>
    rows
      .filter(({ contestant }) => contestant.family === 'zdlb')
      .flatMap((row) => {
        const bare = peerOf(rows, row.contestant, ['HAProxy', 'nginx']);
        if (bare === undefined) return [];
        const [own, other] = [row.figures.workersCpu, bare.figures.workersCpu];
        return [
          [load.name, row.contestant.title, fixed(own, 1), bare.contestant.title, fixed(other, 1), ratio(own, other)],
        ];
      }),
  );
  if (lines.length === 0) return [];
  const head = ['load', 'with the agent, behind', 'µs/request', 'bare, behind', 'µs/request', '×'];
  return ['### The agent: CPU of the workers', table(head, lines)];
}

/** @param {Results} results */
function targetTable({ sections, idle }) {
  const lines = targets(sections, idle).map(({ text, bound, unit, measured }) => [
    text,
    `≤ ${bound}${unit}`,
    measured === undefined ? NONE : `${fixed(measured, 2)}${unit}`,
    measured === undefined ? 'not measured' : measured <= bound ? 'met' : 'not met',
  ]);
  return table(['CPU per request of the proxy, or memory', 'target', 'measured', ''], lines);
}

/**
 * Who is to be compared with it: of the first of the families that took part in the same mode over the same transport.
 *
 * @param {readonly Row[]} rows
 * @param {Contestant} contestant
 * @param {readonly Family[]} families
 */
function peerOf(rows, { mode, transport }, families) {
  const alike = rows.filter(({ contestant }) => contestant.mode === mode && contestant.transport === transport);
  return families
    .map((family) => alike.find(({ contestant }) => contestant.family === family))
    .find((row) => row !== undefined);
}

/** @param {number} bytes */
function mebibytes(bytes) {
  return fixed(bytes / 2 ** 20, 1);
}

/** @param {number} own @param {number | undefined} other */
function ratio(own, other) {
  return other === undefined ? NONE : fixed(own / other, 2);
}

/** @param {number | undefined} number @param {number} digits */
function fixed(number, digits) {
  return number === undefined || !Number.isFinite(number) ? NONE : number.toFixed(digits);
}

/** @param {number} number */
function count(number) {
  return Math.round(number).toLocaleString('en');
}

/** @param {readonly string[]} head @param {readonly (readonly string[])[]} lines */
function table(head, lines) {
  const alignment = head.map((_, index) => (index === 0 ? '---' : '--:'));
  return [head, alignment, ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
