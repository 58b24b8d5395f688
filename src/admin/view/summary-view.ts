import { NONE, age, count } from './figures.js';
import { type Html, html } from './html.js';
import {
  type ListenerStatus,
  type Requests,
  type Status,
  conditionOf,
  hasPorts,
  inFlightOf,
  isDown,
  readyOf,
  wantedCount,
} from './status.js';

/** Which instance this is, and how it is. */
export function headView(status: Status): Html {
  const { name, generation, uptimeMs, version, pid } = status;
  const condition = conditionOf(status);
  return html`<div>
      <h1>${name}</h1>
      <p class="facts">
        ${generation > 0 && html`generation ${generation} ·`} up ${age(uptimeMs)} · pid ${pid} · zdlb ${version}
        ${status.listeners.map(listenerView)}
      </p>
    </div>
    <p class="state" data-state="${condition}"><span class="lamp" aria-hidden="true"></span>${condition}</p>`;
}

function listenerView({ addresses, port, mode, connections }: ListenerStatus): Html {
  const where = addresses.length > 0 ? addresses.join(', ') : `:${port}`;
  return html`<span class="listener"
    ><span class="mono">${where}</span> ${mode},
    ${connections === 1 ? '1 connection' : `${count(connections)} connections`}</span
  >`;
}

/** What changes slowly, in large figures; the charts stand for what changes fast. What has no port has no requests either. */
export function figuresView(status: Status): Html {
  const { done, failed } = status.reloads;
  return html`${workersFigure(status)} ${hasPorts(status) && requestFigures(status)}
  ${figure('Reloads', count(done), `${count(failed)} failed`)}`;
}

function workersFigure(status: Status): Html {
  const ready = readyOf(status).length;
  const wanted = wantedCount(status);
  const mood = isDown(status) ? 'bad' : ready < wanted && status.generation > 0 ? 'warn' : '';
  return figure('Workers ready', `${ready}`, `of ${wanted}`, mood);
}

function requestFigures({ requests, ...status }: Status): Html {
  const of = (key: keyof Requests) => (requests === undefined ? NONE : count(requests[key]));
  return html`${figure('In flight', count(inFlightOf(status)), 'right now')}
  ${figure('Requests', of('total'), 'since the start')} ${figure('Failed', of('failed'), 'since the start')}
  ${figure('Held', of('held'), `${of('retried')} retried`)}`;
}

const figure = (name: string, value: string, beside: string, mood = ''): Html =>
  html`<div class="figure" data-mood="${mood}">
    <dt>${name}</dt>
    <dd><span class="value">${value}</span> <span class="beside">${beside}</span></dd>
  </div>`;
