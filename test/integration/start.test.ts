import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { BIN } from '../kit/bin.ts';
import { temporaryFolder } from '../kit/folder.ts';
import { freePort } from '../kit/free-port.ts';
import { leftAfter } from '../kit/process.ts';
import { type Outcome, outcomeOf, zdlb } from '../kit/verb.ts';

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const SERVER = fixture('load-server.cjs');
/** A program that answers with its working folder. */
const ANSWERS = "require('node:http').createServer((_, r) => r.end(process.cwd())).listen(process.env.PORT);";

/** Folders of its own, in which an instance in the background is found, and ended with the test. */
class Place {
  readonly home = temporaryFolder();
  readonly state = temporaryFolder();

  constructor() {
    onTestFinished(async () => {
      for (const name of this.names()) await zdlb(['stop', '--name', name], { home: this.home });
    });
  }

  names(): readonly string[] {
    return readdirSync(this.home)
      .filter((file) => file.endsWith('.sock'))
      .map((file) => file.slice(0, -'.sock'.length));
  }

  async start(args: readonly string[], cwd?: string): Promise<Outcome> {
    const { PATH, HOME } = process.env;
    const env = { PATH, HOME, ZDLB_HOME: this.home, XDG_STATE_HOME: this.state };
    const options = { encoding: 'utf8', env, ...(cwd !== undefined && { cwd }) } as const;
    return outcomeOf(process.execPath, [...BIN, 'start', ...args], options);
  }

  /** What stands in an instance's log, once it has ended: it is written behind the instance's back. */
  log(name: string): string {
    return readFileSync(join(this.state, 'zdlb', `${name}.log`), 'utf8');
  }
}

const pidIn = ({ stdout }: Outcome) => Number(/pid (\d+)/.exec(stdout)?.[1]);

test('start returns when the instance serves in the background, and says what to do next', async () => {
  const place = new Place();
  const port = await freePort();
  const outcome = await place.start(['--workers', '1', '--port', String(port), SERVER]);
  expect(outcome).toMatchObject({ code: 0, stderr: '' });
  const pid = pidIn(outcome);
  expect(outcome.stdout.split('\n')).toEqual([
    `load-server serves with 1 worker, pid ${pid}, log in ${join(place.state, 'zdlb/load-server.log')}`,
    '  what it does  zdlb status --name load-server',
    '  new code      zdlb reload --name load-server',
    '  its log       zdlb logs -f --name load-server',
    '  stop          zdlb stop --name load-server',
    '',
  ]);
  expect(await (await fetch(`http://127.0.0.1:${port}/now/1`)).text()).toBe('1');
  const stopped = await zdlb(['stop'], { home: place.home });
  expect(stopped).toMatchObject({ code: 0, stdout: 'load-server has stopped\n' });
  expect(await leftAfter(1_000, [pid])).toEqual([]);
  expect(place.log('load-server')).toMatch(/"event":"serving"[^]*"event":"stopping"/);
});

test('an instance in the background belongs to no terminal and to a session of its own; SIGHUP reloads it', async () => {
  const place = new Place();
  const pid = pidIn(await place.start(['--workers', '1', '--port', String(await freePort()), SERVER]));
  const [session, terminal] = spawnSync('ps', ['-o', 'sess=,tty=', '-p', String(pid)], { encoding: 'utf8' })
    .stdout.trim()
    .split(/\s+/);
  expect({ session, terminal }).toEqual({ session: String(pid), terminal: '?' });
  process.kill(pid, 'SIGHUP');
  const reloaded = await zdlb(['reload', '--json'], { home: place.home }); // which waits for its turn behind that one
  expect(JSON.parse(reloaded.stdout)).toMatchObject({ generation: 3 });
});

test('a program that does not come up ends start with 3, its last lines and the way to the log; nothing is left', async () => {
  const place = new Place();
  const script = fixture('failing/throws-at-import.cjs');
  const { code, stdout, stderr } = await place.start(['--workers', '1', '--port', String(await freePort()), script]);
  expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
  expect(stderr).toMatch(/^zdlb: Worker 0 exited with code 1 before it was ready: .+\n {2}.+/);
  expect(stderr).toMatch(/\nThe whole log is in .+throws-at-import\.log\n$/);
  expect(place.names()).toEqual([]);
  expect(place.log('throws-at-import')).toContain('"event":"worker.exited"');
});

test('bad usage ends start with 2, as it does run, and starts nothing', async () => {
  const place = new Place();
  const outcome = await place.start(['--prot', '80', SERVER]);
  expect(outcome).toMatchObject({ code: 2, stderr: 'zdlb: Unknown option --prot; did you mean --port?\n' });
  expect(existsSync(join(place.state, 'zdlb'))).toBe(false);
});

test('a chosen name that is taken is refused; one that was not chosen gets a number, and a log of its own', async () => {
  const place = new Place();
  await place.start(['--name', 'load-server', '--workers', '1', '--port', String(await freePort()), SERVER]);
  const refused = await place.start(['--name', 'load-server', '--port', String(await freePort()), SERVER]);
  expect(refused.code).toBe(3);
  expect(refused.stderr).toContain('An instance named load-server runs already');
  const second = await place.start(['--workers', '1', '--port', String(await freePort()), SERVER]);
  expect(second.stdout).toContain('load-server-2 serves');
  await zdlb(['stop', '--name', 'load-server-2'], { home: place.home });
  expect(place.log('load-server-2')).toContain('"event":"serving"');
});

test.each([
  { what: 'code', code: "throw new Error('bad code')", isOwnPort: true, why: /exited with code 1 .*bad code/ },
  { what: 'port', code: ANSWERS, isOwnPort: false, why: /Cannot listen on port \d+/ },
])(
  'a start that fails under a number names the log that tells why, and no other log does (bad $what)',
  async (second) => {
    const place = new Place();
    const script = join(temporaryFolder(), 'app.cjs');
    const start = (port: number) => place.start(['--workers', '1', '--port', String(port), script]);
    const port = await freePort();
    writeFileSync(script, ANSWERS);
    expect((await start(port)).stdout).toContain('app serves');
    writeFileSync(script, second.code);
    const { code, stderr } = await start(second.isOwnPort ? await freePort() : port);
    expect(code).toBe(3);
    const logFile = /\nThe whole log is in (.+)\n$/.exec(stderr)?.[1];
    expect(logFile).toBe(join(place.state, 'zdlb/app-2.log'));
    const lastLine = place.log('app-2').trimEnd().split('\n').at(-1);
    expect(lastLine).toMatch(second.why);
    expect(stderr.split('\n')[0]).toBe(lastLine);
    expect(place.log('app')).not.toContain('zdlb: ');
  },
);

test('paths are relative to the folder in which it was started, as with run', async () => {
  const place = new Place();
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'app.cjs'), ANSWERS);
  const port = await freePort();
  const args = [
    '--log-file',
    'logs/app.log',
    '--pid-file',
    'app.pid',
    '--workers',
    '1',
    '--port',
    String(port),
    'app.cjs',
  ];
  const outcome = await place.start(args, folder);
  expect(outcome.stdout).toContain(`log in ${join(folder, 'logs/app.log')}`);
  expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe(folder);
  expect(Number(readFileSync(join(folder, 'app.pid'), 'utf8'))).toBe(pidIn(outcome));
  await zdlb(['stop'], { home: place.home });
  expect(readFileSync(join(folder, 'logs/app.log'), 'utf8')).toContain('"event":"serving"');
});

test('a log file that is not to be had ends start with 3 and the reason', async () => {
  const { code, stderr } = await new Place().start(['--log-file', '/dev/null/app.log', SERVER]);
  expect(code).toBe(3);
  expect(stderr).toContain('Cannot write the log file /dev/null/app.log');
});
