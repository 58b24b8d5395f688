import { expect, test } from 'vitest';
import { translate } from '../../../../src/cli/pm2/translation.js';
import { parseConfig } from '../../../../src/core/config.js';

const settingsOf = (app: Record<string, unknown>) => translate({ script: 'server.js', ...app }).settings;
const remarksOf = (app: Record<string, unknown>) => Object.fromEntries(translate({ script: 'a.js', ...app }).remarks);

test('what PM2 does without being told is said, since zdlb would do otherwise', () => {
  expect(settingsOf({})).toEqual({ script: 'server.js', workers: 1, stopSignal: 'SIGINT' });
});

test.each<[Record<string, unknown>, Record<string, unknown>]>([
  [{ instances: 'max' }, { workers: 'max' }],
  [{ instances: 0 }, { workers: 'max' }],
  [{ instances: 4, exec_mode: 'cluster' }, { workers: 4 }],
  [{ name: 'api' }, { name: 'api' }],
  [{ args: '--port 1 "two words"' }, { args: ['--port', '1', 'two words'] }],
  [{ args: ['a b', 'c'] }, { args: ['a b', 'c'] }],
  [{ interpreter: 'node' }, { script: 'server.js' }],
  [{ interpreter: '/opt/node/bin/node' }, { node: '/opt/node/bin/node' }],
  [{ node_args: '--inspect', interpreter_args: ['--trace-warnings'] }, { nodeArgs: ['--inspect', '--trace-warnings'] }],
  [{ source_map_support: true }, { nodeArgs: ['--enable-source-maps'] }],
  [{ max_memory_restart: '300M' }, { maxMemory: '300M' }],
  [
    { kill_timeout: 1600, listen_timeout: 8000 },
    { killTimeout: '1600ms', readyTimeout: '8s' },
  ],
  [{ kill_timeout: '5000' }, { killTimeout: '5s' }],
  [{ port: 3000 }, { port: 3000 }],
  [{ wait_ready: true }, { waitReady: true }],
  [{ watch: true }, { watch: true }],
  [{ watch: ['src'] }, { watch: true, watchPath: ['src'] }],
  [
    { cwd: '/srv/app', uid: 'www', gid: 'www' },
    { cwd: '/srv/app', user: 'www', group: 'www' },
  ],
  [{ env: { PORT: 3000 } }, { port: 3000 }],
  [{ env: { A: 1, B: { c: null }, D: null, PORT: 3000 } }, { port: 3000, env: { A: '1', B: '{"c":null}', D: '' } }],
  [{ log_type: 'json' }, { logFormat: 'json' }],
])('%j is %j, and zdlb takes it', (app, wanted) => {
  const settings = settingsOf(app);
  expect(settings).toMatchObject(wanted);
  expect(() => parseConfig(settings, 'config', (key) => key)).not.toThrow();
});

test.each([
  [{ script: 'app.py', interpreter: 'python3', args: '-v' }, ['python3', 'app.py', '-v']],
  [{ script: './bin/serve', interpreter: 'none' }, ['./bin/serve']],
  [{ script: 'npm', args: 'run start' }, ['npm', 'run', 'start']],
])('%j is no Node program but a command', (app, command) => {
  const { settings, remarks } = translate(app);
  expect(settings).toMatchObject({ command });
  expect(settings).not.toHaveProperty('script');
  expect(remarks.get('port')).toMatch(/add "port"/);
});

test.each([
  ['cron_restart', '0 3 * * *', /"0 3 \* \* \* {2}zdlb reload --name NAME"/],
  ['out_file', 'x.log', /standard output/],
  ['max_restarts', 10, /waits/],
  ['instances', -1, /give the number/],
  ['name', 'my api', /letters/],
  ['env_staging', { A: 1 }, /--env staging/],
  ['pid_file', 'x.pid', /pidFile/],
  ['never_heard_of', 1, /nothing like it/],
  ['constructor', 1, /nothing like it/],
])('%s has no counterpart: what to do is said', (key, value, says) => {
  expect(remarksOf({ [key]: value })).toEqual({ [key]: expect.stringMatching(says) as string });
});

test('the line for cron calls the instance as zdlb does', () => {
  const { cron_restart: line } = remarksOf({ name: 'my api', cron_restart: '0 3 * * *' });
  expect(line).toMatch(/zdlb reload --name my-api"/);
});

test('what is as in zdlb anyway is not worth a word', () => {
  expect(
    remarksOf({
      autorestart: true,
      merge_logs: true,
      exec_mode: 'fork',
      treekill: true,
      cwd: undefined,
      ignore_watch: ['logs'],
    }),
  ).toEqual({});
});
