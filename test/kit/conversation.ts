import { once } from 'node:events';
import { createRequire } from 'node:module';
import http2, { type ClientHttp2Session } from 'node:http2';
import { type Socket, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import tls from 'node:tls';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { generate, parser, type Packet } from 'mqtt-packet';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';

const require = createRequire(import.meta.url);

/** What test/fixtures/tcp-server.cjs finds its packages and its certificate by. */
export const TCP_SERVER_ENV = {
  WS_MODULE: require.resolve('ws'),
  AEDES_URL: pathToFileURL(require.resolve('aedes')).href,
  PEM_FOLDER: fileURLToPath(new URL('../fixtures/agent', import.meta.url)),
};

/** A client that says one thing at a time and is answered with the server's version in front of it. */
export interface Conversation {
  say(words: string): Promise<string>;
  /** Takes leave by the protocol's own rules; resolves when the connection has ended. */
  leave(): Promise<unknown>;
  /** How the connection ended, once it has: by the server's FIN, by a reset, or by this side. */
  end: 'open' | 'ended' | 'reset' | 'left';
  /** Resolves when it has ended. */
  readonly closed: Promise<unknown>;
}

export type Protocol = 'talk' | 'tls' | 'http2' | 'webSocket' | 'mqtt';

/** Opens one of these at a port on this machine; cut off when the test ends. */
export async function converse(protocol: Protocol, port: number): Promise<Conversation> {
  return OPENERS[protocol](port);
}

const OPENERS: Readonly<Record<Protocol, (port: number) => Promise<Conversation>>> = {
  talk: async (port) => greeted(await byLine(connect({ port, host: '127.0.0.1' }), 'connect')),
  tls: async (port) => byLine(tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false }), 'secureConnect'),
  http2: byStream,
  webSocket: byMessage,
  mqtt: byTopic,
};

/** Follows how `socket` ends. */
function followed(socket: Socket, rest: Pick<Conversation, 'say' | 'leave'>): Conversation {
  const conversation: Conversation = {
    ...rest,
    end: 'open',
    closed: new Promise<void>((resolve) => void socket.once('close', () => resolve())),
    leave: async () => {
      conversation.end = 'left';
      return rest.leave();
    },
  };
  const ended = (how: 'ended' | 'reset') => () => {
    if (conversation.end === 'open') conversation.end = how;
  };
  socket.on('end', ended('ended')).on('error', ended('reset')).on('close', ended('reset'));
  onTestFinished(() => void socket.destroy());
  return conversation;
}

async function byLine(socket: Socket, ready: string): Promise<Conversation> {
  socket.setEncoding('utf8');
  await once(socket, ready);
  return followed(socket, {
    say: async (words) => {
      socket.write(`${words}\n`);
      const [line] = (await once(socket, 'data')) as [string];
      return line.trimEnd();
    },
    leave: async () => {
      socket.end();
      return once(socket, 'close');
    },
  });
}

/** The kernel connects before the server has accepted: whoever has an answer is with a worker. */
async function greeted(conversation: Conversation): Promise<Conversation> {
  await conversation.say('hello');
  return conversation;
}

async function byStream(port: number): Promise<Conversation> {
  const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'] });
  const session: ClientHttp2Session = http2.connect('https://localhost', { createConnection: () => socket });
  session.on('error', () => {});
  await once(session, 'connect');
  return followed(socket, {
    say: async (words) => {
      const answer = await text(session.request({ ':path': `/${words}` }));
      return answer.trimEnd();
    },
    leave: async () => {
      session.close();
      return once(session, 'close');
    },
  });
}

async function byMessage(port: number): Promise<Conversation> {
  const client = new WebSocket(`ws://127.0.0.1:${port}`);
  const [[response]] = await Promise.all([
    once(client, 'upgrade') as Promise<[{ socket: Socket }]>,
    once(client, 'open'),
  ]);
  client.on('error', () => {});
  return followed(response.socket, {
    say: async (words) => {
      client.send(words);
      const [message] = (await once(client, 'message')) as [Buffer];
      return message.toString();
    },
    leave: async () => {
      client.close();
      return once(client, 'close');
    },
  });
}

async function byTopic(port: number): Promise<Conversation> {
  const socket = connect({ port, host: '127.0.0.1' });
  const packets = parser();
  socket.on('data', (bytes) => void packets.parse(bytes));
  const next = async (cmd: Packet['cmd']): Promise<Packet> => {
    for (;;) {
      const [packet] = (await once(packets, 'packet')) as [Packet];
      if (packet.cmd === cmd) return packet;
    }
  };
  const ask = async (packet: Packet, answer: Packet['cmd']): Promise<Packet> => {
    socket.write(generate(packet));
    return next(answer);
  };
  const clientId = `client-${Math.random().toString(16).slice(2)}`;
  await ask(
    { cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean: true, clientId, keepalive: 60 },
    'connack',
  );
  await ask({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: clientId, qos: 0 }] }, 'suback');
  return followed(socket, {
    say: async (payload) => {
      const publish = { cmd: 'publish', topic: clientId, payload, qos: 0, dup: false, retain: false } as const;
      const answer = await ask(publish, 'publish');
      return answer.cmd === 'publish' ? answer.payload.toString() : '';
    },
    leave: async () => {
      socket.end(generate({ cmd: 'disconnect' }));
      return once(socket, 'close');
    },
  });
}
