/** A message as somebody reads it; all text is latin1. */
export interface Message {
  /** Method and target, or status, as one line. */
  readonly line: string;
  /** Names in lower case, each with its value, in order. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly trailers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** What somebody makes of the bytes of one connection: whole messages, and what comes behind them. */
export interface Reading {
  readonly messages: readonly Message[];
  /**
   * `refused`: what follows is none; `incomplete`: more is wanted; `ended`: nothing comes; `closed`: nothing
   * more is read on the connection, whatever comes.
   */
  readonly end: 'refused' | 'incomplete' | 'ended' | 'closed';
}

/** Pairs of an alternating list. */
export function pairs(raw: readonly string[]): readonly (readonly [string, string])[] {
  const found: (readonly [string, string])[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) found.push([raw[i]!.toLowerCase(), raw[i + 1]!]);
  return found;
}
