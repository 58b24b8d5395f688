import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';

/** Asks the control socket in `home`, without the cost of a process; what it answers, whatever the status. */
export async function asked(home: string, route: string, body?: object, name = 'server'): Promise<unknown> {
  const [method, path] = route.split(' ') as [string, string];
  const asking = request({ socketPath: join(home, `${name}.sock`), method, path, agent: false });
  asking.end(body === undefined ? '' : JSON.stringify(body));
  const [answer] = (await once(asking, 'response')) as [IncomingMessage];
  return json(answer);
}
