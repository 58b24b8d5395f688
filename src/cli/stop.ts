import { once } from 'node:events';
import { connect } from 'node:net';
import { ask } from '../control/client.js';
import { instanceFolder } from '../control/instance-folder.js';
import { findInstance } from '../control/instances.js';
import { GenerationsView } from './generations-view.js';
import { say } from './say.js';
import { parseVerb } from './verb-line.js';

/** `zdlb stop`: returns when the instance and all of its workers are gone. The second time, what is under way is cut off. */
export async function stop(argv: readonly string[]): Promise<number> {
  const line = parseVerb(argv, {
    verb: 'stop',
    about: 'Lets what is under way end; returns when all is over. The second time, what is left is cut off.',
  });
  if (typeof line === 'string') return say(line);
  const instance = await findInstance(instanceFolder(process.env).path, line.name);
  // Open as long as the process is there. A connection that asks nothing would be closed after a while (408).
  const lifeline = connect(instance.path).resume();
  lifeline.write('GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const ended = once(lifeline, 'close');
  lifeline.on('error', () => {});
  const answer = await ask(instance, { method: 'POST', path: '/stop' });
  const view = line.isForMachines || !process.stdout.isTTY ? undefined : new GenerationsView(instance, process.stdout);
  await ended;
  view?.end();
  return say(line.isForMachines ? JSON.stringify(answer) : `${instance.name} has stopped`);
}
