import type { Exhibit } from '../admin/exhibit.js';
import { broadcast } from '../control/broadcast.js';
import type { Chronicle } from '../control/chronicle.js';
import type { Desk } from './desk.js';

const EVENTS = new URL('http://localhost/events');

/** That part of the desk's work which changes nothing, and what zdlb has logged. */
export function exhibitOf(desk: Desk, chronicle: Chronicle): Exhibit {
  return {
    health: () => desk.health(),
    status: () => desk.status(),
    metrics: async () => desk.metrics(),
    events: () => chronicle.lastOwn,
    tell: (request, response) => broadcast(chronicle, EVENTS, request, response),
  };
}
