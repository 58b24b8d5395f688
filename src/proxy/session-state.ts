import { legality } from '../core/lifecycle.js';

/**
 * The states of a session, which is one client connection:
 *
 *     idle -> head -> exchange -> idle …
 *     idle -> exchange                       (a whole head in one read)
 *     exchange -> head                       (part of the next head was read ahead)
 *     exchange -> stalled -> idle, head …    (the client asks on, but does not read its answers)
 *     exchange -> tunnel                     (101)
 *     idle, head, exchange -> lingering      (refused, or the last answer is given)
 *     tunnel -> lingering                    (its worker is about to stop)
 *     any -> closed
 */
export type State = 'idle' | 'head' | 'exchange' | 'stalled' | 'tunnel' | 'lingering' | 'closed';

/** Whether a session may move from one state to another. */
export const mayMove = legality<State>({
  idle: ['head', 'exchange', 'lingering', 'closed'],
  head: ['idle', 'exchange', 'lingering', 'closed'],
  exchange: ['idle', 'head', 'exchange', 'stalled', 'tunnel', 'lingering', 'closed'],
  stalled: ['idle', 'head', 'exchange', 'lingering', 'closed'],
  tunnel: ['lingering', 'closed'],
  lingering: ['closed'],
  closed: [],
});
