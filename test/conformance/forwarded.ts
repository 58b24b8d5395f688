import { type Case, type Settings, but, GET, OK, client, conversation, forwarded, get, head, worker } from './case.js';

const trusts = () => true;
const set = (host = 'a', address = '127.0.0.1') => [
  `X-Forwarded-For: ${address}`,
  'X-Forwarded-Proto: http',
  `X-Forwarded-Host: ${host}`,
  'X-Forwarded-Port: {port}',
];

const OWN = [
  'X-Forwarded-For: 1.2.3.4',
  'X-Forwarded-Proto: https',
  'X-Forwarded-Host: b',
  'X-Forwarded-Port: 443',
] as const;

/** Programs that turn hyphens into underscores, or back, would read these for the true ones. */
const ALIKE = [
  'X_Forwarded_For: 1.2.3.4',
  'X-Forwarded_For: 1.2.3.4',
  'x_forwarded-for: 1.2.3.4',
  'X_Forwarded_Proto: https',
  'X_Forwarded_Host: b',
  'X_Forwarded_Port: 443',
] as const;

const under = (settings: Settings, ...items: readonly Case[]): readonly Case[] =>
  items.map((item) => but(item, { settings, isUnordered: true, next: get('X-Next: 1', ...set()) }));

export const cases: readonly Case[] = [
  forwarded('pass as they came where they are off', 'zdlb', get(...OWN), get(...OWN)),
  ...under(
    { forwarded: 'on' },
    forwarded('are set from the socket', 'zdlb', GET, get(...set())),
    ...OWN.map((line) => forwarded(`${line} of a client is replaced`, 'zdlb', get(line), get(...set()))),
    forwarded('of a client are replaced, all of them', 'zdlb', get(...OWN, ...OWN), get(...set())),
    forwarded('in other case are replaced', 'zdlb', get('x-FORWARDED-for: 1.2.3.4'), get(...set())),
    ...ALIKE.map((line) => forwarded(`${line} is dropped`, 'zdlb', get(line), get(...set()))),
    forwarded(
      'are not removed by Connection',
      '9110 7.6.1',
      get('Connection: X-Forwarded-For, X-Forwarded-Proto'),
      get(...set()),
    ),
    forwarded(
      'carry Host as it came',
      'zdlb',
      head('GET / HTTP/1.1', 'Host: A.b:81'),
      head('GET / HTTP/1.1', 'Host: A.b:81', ...set('A.b:81')),
    ),
    forwarded(
      'leave Forwarded and others alone',
      '7239',
      get('Forwarded: for=1.2.3.4', 'X-Forwarded-Prefix: /a'),
      get('Forwarded: for=1.2.3.4', 'X-Forwarded-Prefix: /a', ...set()),
    ),
  ),
  ...under({ forwarded: 'auto' }, forwarded('are set where there is no agent', 'zdlb', GET, get(...set()))),
  ...under(
    { forwarded: 'on', trusts },
    forwarded(
      'of a trusted peer are appended to',
      'zdlb',
      get('X-Forwarded-For: 1.2.3.4'),
      get(...set('a', '1.2.3.4, 127.0.0.1')),
    ),
    forwarded('of a trusted peer that sent none are set', 'zdlb', GET, get(...set())),
    ...ALIKE.slice(0, 2).map((line) =>
      forwarded(`${line} of a trusted peer is dropped`, 'zdlb', get(line), get(...set())),
    ),
  ),
  conversation(
    'of a response pass as they came',
    'zdlb',
    [client(GET, GET), worker(OK.replace('\r\n', '\r\nX-Forwarded-For: a\r\n'))],
    'open',
  ),
];
