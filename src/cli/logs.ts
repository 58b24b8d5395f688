import { createInterface } from 'node:readline';
import { Client } from 'undici';
import { instanceFolder } from '../control/instance-folder.js';
import { type Instance, findInstance } from '../control/instances.js';
import { ZdlbError, systemCode } from '../core/errors.js';
import { endOnCtrlC } from './ctrl-c.js';
import { wantsColors } from './palette.js';
import { prettyLine } from './pretty.js';
import { say } from './say.js';
import { type VerbLine, parseVerb } from './verb-line.js';

const DATA = 'data: ';

/** As many as a screen or two show; the instance keeps more. */
const LINES = '100';

/** `zdlb logs`: the last entries of an instance's log, and what its workers printed; with `-f`, all to come, until Ctrl-C or its end. */
export async function logs(argv: readonly string[]): Promise<number> {
  const line = parseVerb(argv, {
    verb: 'logs',
    about: 'Shows the last entries of the log, and what the workers print.',
    words: '[-f]',
    switches: { follow: 'go on with what is to come' },
    values: {
      lines: ['N', `how many of the last entries (${LINES} by default; 1000 are kept)`],
      worker: ['SLOT', 'only what is of the worker in this slot'],
    },
    aliases: { follow: 'f' },
  });
  if (typeof line === 'string') return say(line);
  const path = pathOf(line);
  const instance = await findInstance(instanceFolder(process.env).path, line.name);
  process.stdout.on('error', () => process.exit(0)); // `zdlb logs | head`
  endOnCtrlC();
  const inWords = line.isForMachines ? (entry: string) => `${entry}\n` : await prettyLine(wantsColors());
  for await (const entry of entriesOf(instance, path)) process.stdout.write(inWords(entry));
  return 0;
}

function pathOf(line: VerbLine): string {
  const slot = numberOf(line, 'worker');
  const wishes = [`follow=${line.has('follow') ? 'yes' : 'no'}`, `last=${numberOf(line, 'lines') ?? LINES}`];
  return `/logs?${[...wishes, ...(slot === undefined ? [] : [`slot=${slot}`])].join('&')}`;
}

/** @throws {ZdlbError} `usage` */
function numberOf(line: VerbLine, option: string): string | undefined {
  const text = line.valueOf(option);
  if (text === undefined || /^\d{1,9}$/.test(text)) return text;
  throw new ZdlbError('usage', `Bad value for --${option}: met ${JSON.stringify(text)}, wanted a whole number`);
}

async function* entriesOf({ path: socketPath }: Instance, path: string): AsyncGenerator<string> {
  const client = new Client('http://localhost', { socketPath, headersTimeout: 0, bodyTimeout: 0 });
  try {
    const { body } = await client.request({ method: 'GET', path });
    const lines = createInterface({ input: body });
    body.on('error', () => lines.close()); // the front has gone, in the middle of its log
    for await (const line of lines) if (line.startsWith(DATA)) yield line.slice(DATA.length);
  } catch (error) {
    if (systemCode(error) !== 'UND_ERR_SOCKET') throw error;
  } finally {
    await client.destroy();
  }
}
