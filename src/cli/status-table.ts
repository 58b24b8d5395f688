import { counted } from '../core/counted.js';
import { formatDuration } from '../core/quantity.js';
import type { FrontStatus } from '../instance/desk.js';
import { fold } from './fold.js';
import type { Color, Palette } from './palette.js';
import { pauseInWords } from './pause-words.js';
import { columns } from './table.js';

const MIB = 2 ** 20;
const WIDTH = 80;

type WorkerStatus = FrontStatus['workers'][number];

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
  ailing: 'red',
  'crash loop': 'red',
};

/** What an instance does, by worker: lines of at most 80 characters. */
export function statusLines(front: FrontStatus, paint: Palette): readonly string[] {
  const { name, pid, state, generation, uptimeMs, workers } = front;
  const colored = (word: string) => paint(COLORS[word] ?? 'dim', word);
  const [head = '', ...rows] = columns(TITLES, workers.map(rowOf));
  return [
    `${name}: ${colored(state)}, generation ${generation}, pid ${pid}, up ${formatDuration(uptimeMs)}`,
    ...totals(front, paint),
    '',
    paint('bold', head),
    ...rows.map((row, at) => row.replace(wordFor(workers[at]!), colored)),
  ];
}

function totals({ listeners, requests, reloads, pause }: FrontStatus, paint: Palette): readonly string[] {
  const failure = reloads.lastError === undefined ? [] : fold(`last failure: ${reloads.lastError}`, WIDTH, '  ');
  return [
    ...(pause === undefined ? [] : fold(pauseInWords(pause), WIDTH, '  ')),
    ...listeners.map(({ port, mode, connections }) => `port ${port} (${mode}): ${counted(connections, 'connection')}`),
    requestsInWords(requests),
    `reloads: ${reloads.done} done, ${reloads.failed} failed`,
    ...failure.slice(0, 4).map((line) => paint('red', line)),
  ];
}

function requestsInWords({ total, failed, retried, held }: FrontStatus['requests']): string {
  return `requests: ${total}, ${failed} failed, ${retried} retried, ${held} held`;
}

function rowOf(worker: WorkerStatus): readonly string[] {
  return [
    String(worker.slot),
    String(worker.generation),
    String(worker.pid ?? '-'),
    wordFor(worker),
    String(worker.inFlight),
    String(worker.requests),
    `${Math.round(worker.memoryBytes / MIB)}M`,
    String(worker.restarts),
    formatDuration(worker.uptimeMs),
  ];
}

function wordFor(worker: WorkerStatus): string {
  if (worker.isCrashLooping) return 'crash loop';
  return worker.isAiling ? 'ailing' : worker.state;
}
