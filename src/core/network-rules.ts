import type { Networks } from './networks.js';
import type { PublicAddress } from './public-address.js';

/** The settings that decide which connections there are. */
interface Settings {
  readonly listen: readonly PublicAddress[];
  readonly host?: string | undefined;
  readonly port?: number | 'none' | undefined;
  readonly mode: 'auto' | 'http' | 'tcp';
  readonly sticky: 'off' | 'cookie';
  readonly command?: readonly string[] | undefined;
  readonly acceptProxy: boolean;
  readonly sendProxy: boolean;
  readonly trustProxy: Networks;
}

/** What does not go together: whether it is so, and what to say. */
type Rule = (settings: Settings, nameOf: (key: string) => string) => string | false;

const RULES: readonly Rule[] = [
  ({ listen, host }, nameOf) =>
    listen.length > 0 &&
    host !== undefined &&
    `Cannot use ${nameOf('host')} with ${nameOf('listen')}: an address there has its host`,
  ({ listen, port }, nameOf) =>
    listen.length > 0 &&
    port === 'none' &&
    `Cannot use ${nameOf('listen')} with ${nameOf('port')} none: the program never listens`,
  ({ sticky, mode }, nameOf) =>
    sticky !== 'off' &&
    mode === 'tcp' &&
    `Cannot use ${nameOf('sticky')} ${sticky} with ${nameOf('mode')} tcp: the front sees no requests. Use ${nameOf('balance')} source-hash`,
  ({ sticky, mode, command }, nameOf) =>
    sticky !== 'off' &&
    mode === 'auto' &&
    command !== undefined &&
    `Cannot use ${nameOf('sticky')} ${sticky} with a command without ${nameOf('mode')} http: its connections are balanced, and the front sees no requests`,
  ({ acceptProxy, trustProxy }, nameOf) =>
    acceptProxy &&
    trustProxy.isEmpty &&
    `Cannot use ${nameOf('acceptProxy')} without ${nameOf('trustProxy')}: say whose PROXY headers are believed`,
  ({ sendProxy, command }, nameOf) =>
    sendProxy &&
    command === undefined &&
    `Cannot use ${nameOf('sendProxy')} with a script: a Node program gets its clients' addresses without it`,
];

/** What is wrong with the connections that are wanted. */
export function networkMistakes(settings: Settings, nameOf: (key: string) => string): readonly string[] {
  return RULES.map((rule) => rule(settings, nameOf)).filter((mistake) => mistake !== false);
}
