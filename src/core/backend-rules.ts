/** The settings that decide whether connections can be handed over. */
interface Settings {
  readonly backend: 'proxy' | 'cluster';
  readonly mode: 'auto' | 'http' | 'tcp';
  readonly httpEngine: 'relay' | 'http-proxy';
  readonly forwarded: 'auto' | 'on' | 'off';
  readonly requestId: boolean;
  readonly balance: 'round-robin' | 'least-connections' | 'random-two' | 'source-hash';
  readonly sticky: 'off' | 'cookie';
  readonly maxInFlight: number;
  readonly acceptProxy: boolean;
  readonly noClientAddress: boolean;
}

/** What can't be had where the front never sees a request, by its name in the configuration: whether it is wanted, and why not. */
const PROXY_ONLY: readonly (readonly [keyof Settings, (settings: Settings) => boolean, string])[] = [
  ['mode', ({ mode }) => mode === 'http', 'it hands over whole connections. Leave the mode out'],
  ['httpEngine', ({ httpEngine }) => httpEngine !== 'relay', 'nothing is relayed. Leave it out'],
  ['forwarded', ({ forwarded }) => forwarded === 'on', 'the program sees its clients themselves. Leave it out'],
  ['requestId', ({ requestId }) => requestId, 'the front sees no requests. Leave it out'],
  [
    'balance',
    ({ balance }) => balance === 'least-connections' || balance === 'random-two',
    "the front can't count connections that it has handed over. Use round-robin or source-hash",
  ],
  ['sticky', ({ sticky }) => sticky !== 'off', 'the front sees no requests. Use source-hash as the balance'],
  [
    'maxInFlight',
    ({ maxInFlight }) => maxInFlight !== Infinity,
    "the front can't count connections that it has handed over. Leave it out",
  ],
  ['acceptProxy', ({ acceptProxy }) => acceptProxy, 'a connection is handed over unread. Leave one of them out'],
  [
    'noClientAddress',
    ({ noClientAddress }) => noClientAddress,
    'the program gets the connections of its clients. Leave it out',
  ],
];

/**
 * What is wrong with handing connections over: options that don't go together with it are refused rather than ignored.
 *
 * @param nameOf how the reader wrote an option
 */
export function backendMistakes(settings: Settings, nameOf: (key: string) => string): readonly string[] {
  if (settings.backend !== 'cluster') return [];
  return PROXY_ONLY.filter(([, isWanted]) => isWanted(settings)).map(
    ([key, , reason]) => `Cannot use ${nameOf(key)} with ${nameOf('backend')} cluster: ${reason}`,
  );
}
