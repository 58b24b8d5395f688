import { createInterface } from 'node:readline';
import { isatty } from 'node:tty';
import { Client } from 'undici';
import { instanceFolder } from '../control/instance-folder.js';
import { type Instance, findInstance } from '../control/instances.js';
import { systemCode } from '../core/errors.js';
import { prettyLine } from './pretty.js';
import { say } from './order.js';
import { parseVerb } from './verb-line.js';

const DATA = 'data: ';

/** `zdlb logs`: the last entries of an instance's log, and what its workers printed; with `-f`, all to come, until Ctrl-C or its end. */
export async function logs(argv: readonly string[]): Promise<number> {
  const line = parseVerb(argv, {
    verb: 'logs',
    words: '[-f]',
    switches: { follow: 'go on with what is to come' },
    aliases: { follow: 'f' },
  });
  if (typeof line === 'string') return say(line);
  const instance = await findInstance(instanceFolder(process.env).path, line.name);
  const inWords = line.isForMachines ? (entry: string) => `${entry}\n` : await prettyLine(isatty(1));
  process.stdout.on('error', () => process.exit(0)); // `zdlb logs | head`
  for await (const entry of entriesOf(instance, line.has('follow'))) process.stdout.write(inWords(entry));
  return 0;
}

async function* entriesOf({ path: socketPath }: Instance, isFollowed: boolean): AsyncGenerator<string> {
  const client = new Client('http://localhost', { socketPath, headersTimeout: 0, bodyTimeout: 0 });
  try {
    const { body } = await client.request({ method: 'GET', path: `/logs?follow=${isFollowed ? 'yes' : 'no'}` });
    const lines = createInterface({ input: body });
    body.on('error', () => lines.close()); // the front has gone, in the middle of its log
    for await (const line of lines) if (line.startsWith(DATA)) yield line.slice(DATA.length);
  } catch (error) {
    if (systemCode(error) !== 'UND_ERR_SOCKET') throw error;
  } finally {
    await client.destroy();
  }
}
