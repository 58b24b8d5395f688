import { describe, expect, test } from 'vitest';
import { Backend } from '../../src/proxy/backend.js';
import { httpScene, send, tcpScene, vestibule } from '../kit/proxy-scenes.js';
import { openRelay } from '../kit/relay.js';
import { Stage, dial } from '../kit/wire.js';

describe('the journal says why a connection was closed', () => {
  test('with what was met, and one entry for many', async () => {
    const { port, journal } = await tcpScene();
    for (let count = 0; count < 20; count++) await send(port, [Buffer.from('GET / HTTP/1.1\r\n\r\n')]);
    expect(journal.lines).toHaveLength(1);
    expect(journal.all('proxy-header.closed')).toMatchObject([
      { level: 'warn', closed: 1, last: '127.0.0.1 sent no PROXY header but "GET / HT"' },
    ]);
  });

  test('when it took too long', async () => {
    const { port, journal, vestibule: gate } = await tcpScene({ vestibule: { ...vestibule, headerTimeout: 50 } });
    expect(await send(port, [Buffer.from('PROXY ')])).toBe('');
    expect(journal.all('proxy-header.closed')).toMatchObject([
      { last: '127.0.0.1 sent only the beginning of a PROXY header within 50ms: "PROXY "' },
    ]);
    expect(gate.waiting).toBe(0);
  });

  test('when it ended in the middle', async () => {
    const { port, journal } = await tcpScene();
    expect(await send(port, [Buffer.from('\r\n\r\n\0')], true)).toBe('');
    const [entry] = journal.all('proxy-header.closed');
    expect(entry).toMatchObject({ last: expect.stringContaining('only the beginning of a PROXY header: "\\r\\n') });
  });

  test('but a check that connects and leaves is no news', async () => {
    const { port, journal } = await tcpScene();
    expect(await send(port, [], true)).toBe('');
    expect(journal.lines.map(({ level }) => level)).toEqual(['debug']);
  });
});

describe('bounds', () => {
  test('per address hold for the clients, not for the load balancer', async () => {
    const bounds = { maxConnections: 10, maxConnectionsPerAddress: 1, holdMax: 10, holdTimeout: 60_000 };
    const { port, admission, balancer } = await openRelay('tcp', { vestibule, bounds });
    const stage = await Stage.open();
    balancer.swap([new Backend({ address: { port: stage.port } })]);
    const open = async (address: string) => {
      const client = await dial(port);
      client.send(`PROXY TCP4 ${address} 198.51.100.2 40000 443\r\n${address}`);
      return client;
    };
    await open('192.0.2.1');
    const first = await stage.accepts();
    expect(await first.gets('192.0.2.1')).toBe('192.0.2.1');
    const second = await open('192.0.2.1');
    await open('192.0.2.2');
    expect(await (await stage.accepts()).gets('192.0.2.2')).toBe('192.0.2.2');
    expect([admission.open, admission.parked]).toEqual([2, 1]);
    second.send(' and more'); // waits in the kernel
    first.socket.resetAndDestroy(); // and what came early is still there for the one that waited
    expect(await (await stage.accepts()).gets('more')).toBe('192.0.2.1 and more');
  });

  test('as many wait as may be open or wait behind', async () => {
    const bounds = { maxConnections: 2, maxConnectionsPerAddress: Infinity, holdMax: 1, holdTimeout: 60_000 };
    const { port, vestibule: gate, journal } = await openRelay('tcp', { vestibule, bounds });
    const waiting = [await dial(port), await dial(port), await dial(port)];
    const fourth = await dial(port);
    await fourth.ends();
    expect(gate.waiting).toBe(3);
    expect(journal.all('proxy-header.closed')).toMatchObject([
      { last: '127.0.0.1 came when 3 connections waited for their PROXY headers already' },
    ]);
    for (const wire of waiting) expect(wire.end).toBe(undefined);
  });

  test('none of those that wait keeps the front from stopping, and one whose header is here is still served', async () => {
    const { port, listener, vestibule: gate } = await httpScene();
    const mute = await dial(port);
    const silent = await dial(port);
    while (gate.waiting < 2) await new Promise((resolve) => setImmediate(resolve));
    const finished = listener.finish();
    silent.socket.end('PROXY UNKNOWN\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(await silent.ends()).toContain('"x-forwarded-for":"127.0.0.1"');
    await finished;
    expect([await mute.ends(), gate.waiting]).toEqual(['', 0]);
  });
});
