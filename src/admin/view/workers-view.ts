import { NONE, age, count, latency, memory, percent } from './figures.js';
import { type Html, html } from './html.js';
import type { Status, VacancyStatus, WorkerStatus } from './status.js';

interface Column {
  readonly name: string;
  readonly isText?: boolean;
  readonly show: (place: Place) => Html | string | number;
}

type Figures = 'memoryBytes' | 'uptimeMs';

/** A worker, or a place without one, of which there is less to tell. */
type Place = Omit<WorkerStatus, Figures> & Partial<Pick<WorkerStatus, Figures>>;

const orNone = <T>(value: T | undefined, show: (value: T) => string) => (value === undefined ? NONE : show(value));

const COLUMNS: readonly Column[] = [
  { name: 'Slot', show: ({ slot }) => slot },
  { name: 'State', isText: true, show: stateView },
  { name: 'Generation', show: ({ generation }) => generation },
  { name: 'In flight', show: ({ inFlight }) => orNone(inFlight, count) },
  { name: 'Requests', show: ({ requests }) => orNone(requests, count) },
  { name: 'Memory', show: ({ memoryBytes }) => orNone(memoryBytes, memory) },
  { name: 'CPU', show: ({ cpu }) => orNone(cpu, percent) },
  { name: 'Loop delay', show: ({ loopDelayMs }) => orNone(loopDelayMs, latency) },
  { name: 'Restarts', show: ({ restarts }) => restarts },
  { name: 'Uptime', show: ({ uptimeMs }) => orNone(uptimeMs, age) },
  { name: 'PID', show: ({ pid = NONE }) => pid },
];

/**
 * Each process and each place without one, the newest generation first. On a narrow screen the style makes cards of the rows, which takes the table's meaning away
 * for some screen readers; so the roles are spelled out.
 */
export function workersView({ workers, vacancies = [] }: Status): Html {
  const places: readonly Place[] = [...workers, ...vacancies.map(placeOf)];
  const rows = places.toSorted((one, other) => other.generation - one.generation || one.slot - other.slot);
  return html`<table role="table" aria-labelledby="workers-title">
    <thead role="rowgroup">
      <tr role="row">
        ${COLUMNS.map(({ name, isText = false }) => html`<th role="columnheader" scope="col" ${kind(isText)}>${name}</th>`)}
      </tr>
    </thead>
    <tbody role="rowgroup">
      ${rows.map(rowView)}
      ${
        rows.length === 0 &&
        html`<tr role="row">
          <td role="cell" colspan="${COLUMNS.length}">No worker runs.</td>
        </tr>`
      }
    </tbody>
  </table>`;
}

const placeOf = (vacancy: VacancyStatus): Place => ({ ...vacancy, state: 'waiting' });

function rowView(place: Place): Html {
  const { generation, slot, pid } = place;
  return html`<tr role="row" data-key="w${generation}-${slot}-${pid}" data-state="${place.state}">
    ${COLUMNS.map(
      ({ name, isText = false, show }) => html`<td role="cell" data-name="${name}" ${kind(isText)}>${show(place)}</td>`,
    )}
  </tr>`;
}

const kind = (isText: boolean) => isText && html` class="text"`;

function stateView({ state, isAiling = false, isCrashLooping = false }: Place): Html {
  // What an exited one has left behind is yet to end; how its place is, its successor shows.
  const ill = state === 'exited' ? undefined : isCrashLooping ? 'crash loop' : isAiling ? 'ailing' : undefined;
  return html`<span class="pill" data-state="${ill === undefined ? state : 'ailing'}">${ill ?? state}</span>`;
}
