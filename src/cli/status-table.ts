import { type Place, conditionOf, placesOf, wordFor } from '../admin/view/status.js';
import { counted } from '../core/counted.js';
import { formatDuration } from '../core/quantity.js';
import type { FrontStatus } from '../instance/desk.js';
import { fold } from './fold.js';
import type { Color, Palette } from './palette.js';
import { pauseInWords } from './pause-words.js';
import { columns } from './table.js';

const MIB = 2 ** 20;
const WIDTH = 80;
/** So many crashes are told in words. */
const MOST_CRASHES = 2;

type Vacancy = FrontStatus['vacancies'][number];

const TITLES = ['slot', 'gen', 'pid', 'state', 'in flight', 'requests', 'memory', 'restarts', 'up'];

const COLORS: Readonly<Record<string, Color>> = {
  serving: 'green',
  ready: 'green',
  paused: 'yellow',
  mixed: 'yellow',
  reloading: 'yellow',
  watching: 'yellow',
  starting: 'yellow',
  draining: 'yellow',
  stopping: 'yellow',
  waiting: 'yellow',
  ailing: 'red',
  'no worker ready': 'red',
  'crash loop': 'red',
};

/** What an instance does, by worker: lines of at most 80 characters. */
export function statusLines(front: FrontStatus, paint: Palette): readonly string[] {
  const { name, pid, generation, uptimeMs } = front;
  const colored = (word: string) => paint(COLORS[word] ?? 'dim', word);
  const places = placesOf(front).toSorted((one, other) => one.generation - other.generation || one.slot - other.slot);
  const [head = '', ...rows] = columns(TITLES, places.map(rowOf));
  return [
    `${name}: ${colored(conditionOf(front))}, generation ${generation}, pid ${pid}, up ${formatDuration(uptimeMs)}`,
    ...totals(front, paint),
    '',
    paint('bold', head),
    ...rows.map((row, at) => row.replace(wordFor(places[at]!), colored)),
  ];
}

function totals({ listeners, requests, reloads, pause, vacancies }: FrontStatus, paint: Palette): readonly string[] {
  const failure = reloads.lastError === null ? [] : fold(`last failure: ${reloads.lastError}`, WIDTH, '  ');
  return [
    ...(pause === undefined ? [] : fold(pauseInWords(pause), WIDTH, '  ')),
    ...listeners.map(({ port, mode, connections }) => `port ${port} (${mode}): ${counted(connections, 'connection')}`),
    requestsInWords(requests),
    `reloads: ${reloads.done} done, ${reloads.failed} failed`,
    ...[...failure.slice(0, 4), ...crashesInWords(vacancies)].map((line) => paint('red', line)),
  ];
}

function requestsInWords({ total, failed, retried, held }: FrontStatus['requests']): string {
  return `requests: ${total}, ${failed} failed, ${retried} retried, ${held} held`;
}

/** The table has all of them; most often they are of one kind. */
function crashesInWords(vacancies: readonly Vacancy[]): readonly string[] {
  const told = vacancies.slice(0, MOST_CRASHES).flatMap(crashInWords);
  const others = vacancies.length - MOST_CRASHES;
  return others > 0 ? [...told, `… and ${counted(others, 'other worker')}`] : told;
}

function crashInWords({ slot, reason = `Worker ${slot} has ended`, remainingMs }: Vacancy): readonly string[] {
  return fold(`${reason}; started anew in ${formatDuration(remainingMs)}`, WIDTH, '  ').slice(0, 4);
}

function rowOf(place: Place): readonly string[] {
  const { slot, generation, pid, inFlight, requests, memoryBytes, restarts, uptimeMs } = place;
  return [
    String(slot),
    String(generation),
    orDash(pid, String),
    wordFor(place),
    orDash(inFlight, String),
    orDash(requests, String),
    orDash(memoryBytes, (bytes) => `${Math.round(bytes / MIB)}M`),
    String(restarts),
    orDash(uptimeMs, formatDuration),
  ];
}

const orDash = (value: number | undefined, show: (value: number) => string) =>
  value === undefined ? '-' : show(value);
