import { legality } from '../core/lifecycle.js';

/**
 * The states of an exchange, which is one request at a worker:
 *
 *     idle -> claiming -> connecting -> sent -> idle      (claiming -> sent when the pool has a socket)
 *     connecting -> claiming                              (the worker could not be reached: nothing was sent)
 *     sent -> claiming                                    (the worker was lost, and another one may be asked)
 *     sent -> tunnel -> idle                              (101)
 *     tunnel -> leaving -> idle                           (the worker is about to stop)
 *     any -> idle                                         (cancelled, or failed)
 */
export type State = 'idle' | 'claiming' | 'connecting' | 'sent' | 'tunnel' | 'leaving';

/** Whether an exchange may move from one state to another. */
export const mayMove = legality<State>({
  idle: ['claiming', 'idle'],
  claiming: ['connecting', 'sent', 'idle'],
  connecting: ['sent', 'claiming', 'idle'],
  sent: ['claiming', 'tunnel', 'idle'],
  tunnel: ['leaving', 'idle'],
  leaving: ['idle'],
});
