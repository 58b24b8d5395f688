import type { Message } from './reading.js';

const ABSOLUTE = /^https?:\/\/([^/?]+)/i;

/** absolute-form goes on as origin-form, or `*` (RFC 9112 3.2.1 and 3.2.4), and its authority as Host where there is none. */
export function shortened(message: Message): Message {
  const [method, target = ''] = message.line.split(' ');
  const match = ABSOLUTE.exec(target);
  if (match === null) return message;
  const path = target.slice(match[0].length);
  const whole = path.startsWith('/') ? path : `/${path}`;
  const line = `${method} ${path === '' && method === 'OPTIONS' ? '*' : whole}`;
  return { ...message, line, fields: withHost(message.fields, match[1]!) };
}

/** The fields, with Host first where there is none. */
export function withHost(fields: Message['fields'], host: string): Message['fields'] {
  return fields.some(([name]) => name === 'host') ? fields : [['host', host], ...fields];
}
