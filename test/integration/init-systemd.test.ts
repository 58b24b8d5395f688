import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { carryOut } from '../../src/cli/main.js';
import { temporaryFolder } from '../kit/folder.ts';
import { freePort } from '../kit/free-port.ts';
import { Front } from '../kit/front.ts';
import { WITHOUT_ANALYZE, hasAnalyze } from '../kit/systemd.ts';
import { UnitFile } from '../kit/unit-file.ts';
import { type Outcome, zdlb } from '../kit/verb.ts';

const SERVER = fileURLToPath(new URL('../fixtures/load-server.cjs', import.meta.url));
const PROGRAM =
  "require('node:http').createServer((_, response) => response.end(process.argv[2])).listen(process.env.PORT);\n";
const STRANGE = 'a "b" \\c $HOME ${PATH} 100% ; \'d\'\te';

/** A folder with a program in it, of a name that needs quotes. */
function project(): string {
  const folder = join(temporaryFolder(), 'my 50% app');
  mkdirSync(folder);
  writeFileSync(join(folder, 'server.cjs'), PROGRAM);
  return folder;
}

const init = (args: readonly string[], where: { cwd?: string; home?: string }): Promise<Outcome> =>
  zdlb(['init', 'systemd', ...args], where);

async function service(args: readonly string[], where: { cwd?: string; home?: string }): Promise<UnitFile> {
  const { stdout, stderr } = await init(['--service', ...args], where);
  expect(stderr).toBe('');
  return new UnitFile(stdout);
}

test('the printed command line does the same in another folder, and the reload line reloads it', async () => {
  const cwd = project();
  const home = temporaryFolder();
  const options = ['--port', String(await freePort()), '--workers', '1', '--log-format', 'json'];
  const unit = await service([...options, 'server.cjs', STRANGE], { cwd, home });
  const [program, ...args] = unit.words('ExecStart') as [string, ...string[]];
  expect(args.at(0)).toBe('--'); // else Node 20 takes --env-file for its own
  expect(args.at(-1)).toBe(STRANGE);
  expect(args).toContain(join(cwd, 'server.cjs'));
  const env = { PATH: process.env['PATH'], ZDLB_HOME: home };
  const front = new Front(spawn(program, args, { cwd: '/', env, stdio: ['ignore', 'pipe', 'pipe'] }), home);
  onTestFinished(() => front.kill());
  await front.event('serving');
  const answer = await fetch(`http://127.0.0.1:${front.port}/`);
  expect(await answer.text()).toBe(STRANGE);
  const [reload, ...how] = unit.words('ExecReload') as [string, ...string[]];
  const { stdout } = await promisify(execFile)(reload, how, { cwd: '/', env });
  expect(stdout).toContain('generation 2 has taken over');
});

test('the unit is one that lets zdlb say how it is, and drain', async () => {
  const cwd = project();
  const times = ['--stop-delay', '20s', '--drain-timeout', '40s', '--kill-timeout', '3s', '--ready-timeout', '50s'];
  const unit = await service([...times, '--workers', '5', '--surge', '2', 'server.cjs'], { cwd });
  expect(unit.one('Type')).toBe('notify');
  expect(unit.one('NotifyAccess')).toBe('all');
  expect(unit.one('KillMode')).toBe('mixed');
  expect(unit.one('WorkingDirectory')).toBe(cwd.replaceAll('%', '%%'));
  expect(unit.time('TimeoutStopSec')).toBeGreaterThan(20 + 40 + 3);
  expect(unit.time('TimeoutStartSec')).toBeGreaterThan(40 + 3 + 3 * 50); // room among the retiring, then three batches
});

test('its control socket is where its own reload looks, and in a folder that outlives others of this user', async () => {
  const cwd = project();
  const { uid, username } = userInfo();
  const folder = uid === 0 ? 'zdlb' : `zdlb-${uid}`;
  const unit = await service(['server.cjs'], { cwd });
  expect(unit.one('Environment')).toBe(`ZDLB_HOME=/run/${folder}`);
  expect([unit.one('RuntimeDirectory'), unit.one('RuntimeDirectoryMode')]).toEqual([folder, '0700']);
  expect(unit.one('RuntimeDirectoryPreserve')).toBe('yes');
  expect(unit.all('User')).toEqual(uid === 0 ? [] : [username]);
});

test('symbolic links stay, so that a reload follows them', async () => {
  const cwd = project();
  const link = join(temporaryFolder(), 'current');
  symlinkSync(cwd, link);
  writeFileSync(join(cwd, '.env'), '');
  const paths = ['--env-file', '.env', '--access-log', 'access.log', '--node', 'node'];
  const words = (await service(['--cwd', link, ...paths, 'server.cjs'], { cwd: '/' })).words('ExecStart');
  expect(words).toContain(join(link, 'server.cjs'));
  expect(words[words.indexOf('--cwd') + 1]).toBe(link);
  expect(words[words.indexOf('--env-file') + 1]).toBe(join(link, '.env'));
  expect(words[words.indexOf('--access-log') + 1]).toBe('/access.log'); // not the workers' affair
  expect(words[words.indexOf('--node') + 1]).toBe('node'); // looked up in PATH
});

test('a configuration file goes by its absolute path, and says the rest', async () => {
  const cwd = project();
  writeFileSync(join(cwd, 'zdlb.json'), '{"script": "server.cjs", "port": 8000, "name": "shop"}');
  const { stdout } = await init(['--config', 'zdlb.json'], { cwd });
  const [serviceText = '', socketText = ''] = stdout.split('# /etc/systemd/system/shop.socket\n');
  const words = new UnitFile(serviceText).words('ExecStart');
  expect(words[words.indexOf('--config') + 1]).toBe(join(cwd, 'zdlb.json'));
  expect(words[words.indexOf('--name') + 1]).toBe('shop');
  expect(new UnitFile(socketText).all('ListenStream')).toEqual(['8000']);
});

test('the socket unit opens every address of the first port', async () => {
  const cwd = project();
  const listen = [':8000', '[::1]:8001', '127.0.0.1:8002', 'unix:app.sock'].flatMap((place) => ['--listen', place]);
  const { stdout } = await init(['--socket', ...listen, '--socket-mode', '600', 'server.cjs'], { cwd });
  const unit = new UnitFile(stdout);
  expect(unit.all('ListenStream')).toEqual([
    '8000',
    '[::1]:8001',
    '127.0.0.1:8002',
    join(cwd, 'app.sock').replaceAll('%', '%%'),
  ]);
  expect(unit.one('SocketMode')).toBe('0600');
});

test('into a folder go both units, and nothing that is there is overwritten', async () => {
  const cwd = project();
  const first = await init(['--output', '.', '--port', '8000', 'server.cjs'], { cwd });
  expect(first.stdout).toBe(
    'Wrote server.service and server.socket into .. Next: systemctl daemon-reload && systemctl enable --now server.socket server.service\n',
  );
  expect(new UnitFile(readFileSync(join(cwd, 'server.socket'), 'utf8')).one('ListenStream')).toBe('8000');
  const second = await init(['--output', '.', '--port', '8000', 'server.cjs'], { cwd });
  expect(second.code).toBe(2);
  expect(second.stderr).toContain('server.service');
});

test.each([
  [['server.cjs'], 'Wanted zdlb init systemd'],
  [['systemd', 'missing.cjs'], 'no such file'],
  [['systemd', '--prot', '80', SERVER], 'did you mean --port?'],
  [['systemd', '--socket', SERVER], 'Give --port or --listen'],
  [['systemd', '--port', '80', '--host', 'localhost', SERVER], 'systemd looks up no names'],
])('zdlb init %j is refused with a reason', async (args, reason) => {
  await expect(carryOut(['init', ...args], () => false)).rejects.toThrow(reason);
});

test.runIf(hasAnalyze)(`systemd finds nothing wrong with the units${WITHOUT_ANALYZE}`, async () => {
  const cwd = project();
  const folder = realpathSync(temporaryFolder());
  await init(['--output', folder, '--port', '8000', '--listen', 'unix:app.sock', 'server.cjs', STRANGE], { cwd });
  const units = ['server.service', 'server.socket'].map((file) => join(folder, file));
  const child = spawn('systemd-analyze', ['--man=no', 'verify', ...units], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += String(chunk)));
  const [code] = await once(child, 'close');
  expect(said.split('\n').filter((line) => line.includes('server.'))).toEqual([]);
  expect({ code, said }).toEqual({ code: 0, said: '' });
});
