/** What the operator's signals ask of a running front. */
export interface Operator {
  reload(): void;
  /** The second time: at once. */
  stop(signal: NodeJS.Signals): void;
  hangUp(): void;
  rollback(): void;
  grow(): void;
  shrink(): void;
}

/** Signal to order. SIGUSR1 is not among them: Node's debugger owns it. */
const TABLE: readonly (readonly [NodeJS.Signals, keyof Operator])[] = [
  ['SIGUSR2', 'reload'],
  ['SIGTERM', 'stop'],
  ['SIGINT', 'stop'],
  ['SIGQUIT', 'stop'],
  ['SIGHUP', 'hangUp'],
  ['SIGALRM', 'rollback'],
  ['SIGTTIN', 'grow'],
  ['SIGTTOU', 'shrink'],
];

/** Takes the operator's signals from now on. */
export function obeySignals(operator: Operator): void {
  for (const [signal, order] of TABLE) process.on(signal, () => operator[order](signal));
}
