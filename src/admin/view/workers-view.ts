import { NONE, age, count, latency, memory, percent } from './figures.js';
import { type Html, html } from './html.js';
import { type Place, type Status, placesOf, wordFor } from './status.js';

interface Column {
  readonly name: string;
  readonly isText?: boolean;
  readonly show: (place: Place) => Html | string | number;
}

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
 * Each process and each place without one, the newest generation first. On a narrow screen the style makes cards of the rows, which
 * takes the table's meaning away for some screen readers; so the roles are spelled out.
 */
export function workersView(status: Status): Html {
  const rows = placesOf(status).toSorted((one, other) => other.generation - one.generation || one.slot - other.slot);
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

function rowView(place: Place): Html {
  const { generation, slot, pid } = place;
  return html`<tr role="row" data-key="w${generation}-${slot}-${pid}" data-state="${place.state}">
    ${COLUMNS.map(
      ({ name, isText = false, show }) => html`<td role="cell" data-name="${name}" ${kind(isText)}>${show(place)}</td>`,
    )}
  </tr>`;
}

const kind = (isText: boolean) => isText && html` class="text"`;

function stateView(place: Place): Html {
  const word = wordFor(place);
  return html`<span class="pill" data-state="${word === place.state ? word : 'ailing'}">${word}</span>`;
}
