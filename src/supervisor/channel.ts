import type { Readable } from 'node:stream';
import { z } from 'zod';
import type { AgentMessage } from '../core/messages.cjs';
import { readLines } from './output.js';

const MAX_LINE = 64 * 1024;

const port = z.int().min(0).max(65_535);

const listening = z
  .object({
    type: z.literal('listening'),
    asked: port,
    port,
    host: z.string().optional(),
    ipv6Only: z.literal(true).optional(),
    isFirst: z.literal(true).optional(),
    protocol: z.enum(['http', 'tcp']),
    door: z
      .object({
        address: z.union([z.object({ port: port.min(1) }), z.object({ path: z.string() })]),
        secret: z
          .string()
          .regex(/^(?:[0-9a-f]{2}){1,64}$/i)
          .optional(),
        tls: z.literal(true).optional(),
        takesProxy: z.literal(true).optional(),
        hidesClients: z.literal(true).optional(),
      })
      .optional(),
  })
  // Without a number there is a port only at Unix sockets.
  .refine(({ port: open, isFirst }) => open > 0 || isFirst === true);

const message = z.discriminatedUnion('type', [
  listening,
  z.object({ type: z.literal('refused'), reason: z.string() }),
  z.object({ type: z.literal('ready') }),
  z.object({
    type: z.literal('vitals'),
    memoryBytes: z.number().min(0),
    loopDelayMs: z.number().min(0),
    answers: z.int().min(0),
    errors: z.int().min(0),
    inFlight: z.int().min(0).optional(),
    cpuSeconds: z.number().min(0).optional(),
    cpu: z.number().min(0).optional(),
  }),
  z.object({ type: z.literal('drained') }),
]);

/**
 * Reads what an agent says, one JSON message a line. The far end is a process that runs other people's code, so a line that
 * is no message (or longer than 64 KiB) goes to `malformed` and does no harm.
 */
export function readChannel(
  stream: Readable,
  hear: (message: AgentMessage) => void,
  malformed: (line: string) => void,
): void {
  void readLines(stream, MAX_LINE, (line) => {
    const heard = parse(line);
    if (heard === undefined) malformed(line);
    else hear(heard);
  });
}

function parse(line: string): AgentMessage | undefined {
  try {
    return message.parse(JSON.parse(line)) as AgentMessage;
  } catch {
    return undefined;
  }
}
