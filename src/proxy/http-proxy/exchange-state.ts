import type { Moves } from '../../core/lifecycle.js';

/**
 * The states of an exchange:
 *
 *     waiting -> claiming -> connecting -> sent -> answering -> answered -> over
 *     connecting -> claiming                 (the worker could not be reached: nothing was sent)
 *     sent -> claiming                       (the worker was lost, and another one may be asked)
 *     sent -> tunnel -> over                 (101)
 *     any -> over                            (refused, cancelled, or failed)
 */
export type State = 'waiting' | 'claiming' | 'connecting' | 'sent' | 'answering' | 'answered' | 'tunnel' | 'over';

/** From each state to which others. */
export const MOVES: Moves<State> = {
  waiting: ['claiming', 'over'],
  claiming: ['connecting', 'over'],
  connecting: ['sent', 'claiming', 'over'],
  sent: ['answering', 'tunnel', 'claiming', 'over'],
  answering: ['answered', 'over'],
  answered: ['over'],
  tunnel: ['over'],
  over: [],
};
