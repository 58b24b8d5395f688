import { age, count } from './figures.js';
import { type Html, html } from './html.js';
import { type ListenerStatus, type Status, inFlightOf, readyOf } from './status.js';

/** Which instance this is, and how it is. */
export function headView(status: Status): Html {
  const { name, state, generation, uptimeMs, version, pid } = status;
  return html`<div>
      <h1>${name}</h1>
      <p class="facts">
        generation ${generation} · up ${age(uptimeMs)} · pid ${pid} · zdlb ${version}
        ${status.listeners.map(listenerView)}
      </p>
    </div>
    <p class="state" data-state="${state}"><span class="lamp" aria-hidden="true"></span>${state}</p>`;
}

function listenerView({ addresses, port, mode, connections }: ListenerStatus): Html {
  const where = addresses.length > 0 ? addresses.join(', ') : `:${port}`;
  return html`<span class="listener"
    ><span class="mono">${where}</span> ${mode},
    ${connections === 1 ? '1 connection' : `${count(connections)} connections`}</span
  >`;
}

/** What changes slowly, in large figures; the charts stand for what changes fast. */
export function figuresView(status: Status): Html {
  const { reloads, requests, workers, state } = status;
  const ready = readyOf(status).length;
  const current = workers.filter((worker) => worker.generation === status.generation || state === 'mixed').length;
  return html`${figure('Workers ready', `${ready}`, `of ${current}`, ready === 0 ? 'bad' : ready < current ? 'warn' : '')}
  ${figure('In flight', count(inFlightOf(status)), 'right now')}
  ${figure('Requests', requests === undefined ? '–' : count(requests.total), 'since the start')}
  ${figure('Failed', requests === undefined ? '–' : count(requests.failed), 'since the start')}
  ${figure('Held', requests === undefined ? '–' : count(requests.held), `${count(requests?.retried ?? 0)} retried`)}
  ${figure('Reloads', count(reloads.done), `${count(reloads.failed)} failed`)}`;
}

const figure = (name: string, value: string, beside: string, mood = ''): Html =>
  html`<div class="figure" data-mood="${mood}">
    <dt>${name}</dt>
    <dd><span class="value">${value}</span> <span class="beside">${beside}</span></dd>
  </div>`;
