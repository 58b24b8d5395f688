import type { Channel } from './channel.cjs';

/** Tells the front when the program calls `process.send('ready')`, as under PM2. The call itself goes its own way. */
export function noticeReady(channel: Channel): void {
  const { send: native } = process as { send?: (this: unknown, ...args: unknown[]) => boolean };
  if (native === undefined) return;
  process.send = function send(this: unknown, ...args: unknown[]): boolean {
    const result = native.apply(this, args);
    if (args[0] === 'ready') channel.send({ type: 'ready' });
    return result;
  };
}
