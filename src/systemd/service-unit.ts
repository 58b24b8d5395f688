import { availableParallelism } from 'node:os';
import type { Config } from '../core/config.js';
import { assignment, commandLine, restOfLine, seconds } from './unit-text.js';

/** What lies between the times that zdlb keeps and those that systemd waits, in milliseconds. */
const MARGIN_MS = 15_000;
/** Each connection takes two, and more wait. */
const OPEN_FILES = 65_536;

/** What a service unit is made of. */
export interface ServiceSettings {
  readonly name: string;
  readonly config: Config;
  /** Node and zdlb. */
  readonly zdlb: readonly string[];
  /** What stands behind it. */
  readonly args: readonly string[];
  readonly folder: string;
  /** Who runs it; absent: root. */
  readonly user: string | undefined;
  /** Where its control socket is. */
  readonly home: Home;
}

/** A folder that systemd makes under /run, or one of the user's own. */
export type Home = { readonly runtimeDirectory: string } | { readonly path: string };

/** A unit of Type=notify for an instance (systemd.service(5)), as text. */
export function serviceUnit({ name, config, zdlb, args, folder, user, home }: ServiceSettings): string {
  return [
    '[Unit]',
    `Description=${name}, served by zdlb`,
    'Wants=network-online.target',
    'After=network-online.target',
    '',
    '[Service]',
    'Type=notify',
    '# Its messages come from the systemd-notify command.',
    'NotifyAccess=all',
    `Sockets=${name}.socket`,
    ...(user === undefined
      ? ['# Running as root: User= or --user would give the program fewer rights.']
      : [`User=${user}`]),
    `WorkingDirectory=${restOfLine(folder)}`,
    ...homeLines(home),
    `ExecStart=${commandLine([...zdlb, 'run', ...args])}`,
    '# Waits until the new code has taken over, and fails when it has not.',
    `ExecReload=${commandLine([...zdlb, 'reload', '--name', name])}`,
    '# By default the workers would be signalled at once, with their requests under way.',
    'KillMode=mixed',
    `TimeoutStartSec=${seconds(longestReload(config))}`,
    `TimeoutStopSec=${seconds(longestStop(config))}`,
    'Restart=on-failure',
    'RestartSec=1s',
    '# A mistake on the command line or in the configuration does not go away by itself.',
    'RestartPreventExitStatus=2',
    `LimitNOFILE=${OPEN_FILES}`,
    '# Take out what the program needs.',
    ...HARDENING,
    '',
    '[Install]',
    'WantedBy=multi-user.target',
    '',
  ].join('\n');
}

const HARDENING = [
  'NoNewPrivileges=yes',
  'ProtectSystem=full',
  'ProtectControlGroups=yes',
  'ProtectKernelModules=yes',
  'ProtectKernelTunables=yes',
  'RestrictSUIDSGID=yes',
  'LockPersonality=yes',
];

/** The folder stays when the service stops: other instances may have their control sockets there. */
function homeLines(home: Home): readonly string[] {
  if ('path' in home) return [`Environment=${assignment('ZDLB_HOME', home.path)}`];
  const { runtimeDirectory } = home;
  return [
    `# Other verbs find it with ZDLB_HOME=/run/${runtimeDirectory}`,
    `Environment=ZDLB_HOME=/run/${runtimeDirectory}`,
    `RuntimeDirectory=${runtimeDirectory}`,
    'RuntimeDirectoryMode=0700',
    'RuntimeDirectoryPreserve=yes',
  ];
}

/** Room among those that retire, then each batch, then the watch window; which a start is shorter than. */
function longestReload({ workers, surge, readyTimeout, drainTimeout, killTimeout, watchWindow }: Config): number {
  const count = workers === 'max' ? availableParallelism() : workers;
  const batches = surge === 'all' ? 1 : Math.ceil(count / surge);
  const window = watchWindow === Infinity ? 0 : watchWindow;
  return drainTimeout + killTimeout + batches * readyTimeout + window + MARGIN_MS;
}

function longestStop({ stopDelay, drainTimeout, killTimeout }: Config): number {
  return stopDelay + drainTimeout + killTimeout + MARGIN_MS;
}
