import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseCommandLine, readConfig } from '../../../src/cli/options.js';

function read(argv: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const commandLine = parseCommandLine(argv);
  if ('print' in commandLine) throw new Error('Wanted settings, got a text');
  return readConfig(commandLine, env);
}

function file(content: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'zdlb-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'zdlb.json');
  writeFileSync(path, content);
  return path;
}

test('what stands after the script belongs to the script', () => {
  const config = read(['-p', '8000', '--workers=4', 'server.js', '--port', '9', '-x', '--', 'y']);
  expect(config).toMatchObject({ port: 8000, workers: 4, script: 'server.js', args: ['--port', '9', '-x', '--', 'y'] });
});

test('what stands after -- is a command with all of its arguments', () => {
  const config = read(['-p', '8000', '--mode', 'http', '--', 'python3', '-u', 'app.py', '--port', '9', '--', 'x']);
  expect(config).toMatchObject({ port: 8_000, command: ['python3', '-u', 'app.py', '--port', '9', '--', 'x'] });
  expect(config.script).toBeUndefined();
  expect(read(['-p1', 'server.js', '--', 'x']).command).toBeUndefined();
});

test('what the command line runs stands in the place of what the file runs', () => {
  const script = file('{ "port": 1, "script": "a.js", "args": ["x"] }');
  expect(read(['--config', script, '--', 'app'])).toMatchObject({ command: ['app'], args: [] });
  const command = file('{ "port": 1, "command": ["app"] }');
  expect(read(['--config', command, 'a.js'])).toMatchObject({ script: 'a.js', args: [] });
  expect(read(['--config', command])).toMatchObject({ command: ['app'] });
  const both = file('{ "port": 1, "script": "a.js", "command": ["app"] }');
  expect(() => read(['--config', both])).toThrow('Cannot run both a script (a.js) and a command (app)');
});

test('--node-args takes options of node, in quotes too', () => {
  const { nodeArgs, args } = read([
    '-w1',
    '--node-args',
    '--no-warnings --title="a b"',
    '-p',
    '1',
    'a.js',
    '--node-args',
    '--x',
  ]);
  expect(nodeArgs).toEqual(['--no-warnings', '--title=a b']);
  expect(args).toEqual(['--node-args', '--x']);
});

test('command line goes over environment over file over default', () => {
  const config = file('{ "workers": 1, "port": 1, "drainTimeout": "1s", "script": "a.js" }');
  const env = { ZDLB_WORKERS: '2', ZDLB_PORT: '2' };
  expect(read(['--config', config, '--workers', '3'], env)).toMatchObject({
    workers: 3,
    port: 2,
    drainTimeout: 1_000,
    script: 'a.js',
    killTimeout: 5_000,
  });
});

test('ZDLB_CONFIG names the file, too', () => {
  expect(read([], { ZDLB_CONFIG: file('{ "script": "a.js" }') }).script).toBe('a.js');
});

test('all mistakes of a command line are told at once, those of options that there are not first', () => {
  const argv = ['-x', '1', '--prot', '80', '--workers', 'many', '--pid', '1.pid', 'a.js'];
  const message = [
    'Unknown option -x',
    'Unknown option --prot; did you mean --port?',
    'Unknown option --pid; did you mean --pid-file?',
    'Bad value for --workers: met "many", wanted a whole number from 1 to 512, or max',
  ].join('\n');
  expect(() => read(argv)).toThrow(expect.objectContaining({ code: 'usage', message }) as Error);
});

test('an unknown key of a file is told with the key that it is the beginning of', () => {
  const path = file('{ "script": "a.js", "pid": "1.pid" }');
  expect(() => read(['--config', path])).toThrow(`Unknown option pid in ${path}; did you mean pidFile?`);
});

describe('bad usage is told in one line', () => {
  test.each([
    [
      [],
      'Nothing to run: give the script, as in zdlb --port 8000 server.js, or a command, as in zdlb --port 8000 -- python3 app.py',
    ],
    [['--prot', '1', 'a.js'], 'Unknown option --prot; did you mean --port?'],
    [['--ready-timout', '1s', 'a.js'], 'Unknown option --ready-timout; did you mean --ready-timeout?'],
    [['--readyTimeout', '1s', 'a.js'], 'Unknown option --readyTimeout; did you mean --ready-timeout?'],
    [['--port', '99999', 'a.js'], 'Bad value for --port: met "99999", wanted a port from 1 to 65535, or none'],
    [['--port'], 'No value for --port: it wants one'],
    [
      ['--port', '1', '--port', '2', 'a.js'],
      'Bad value for --port: met ["1","2"], wanted a port from 1 to 65535, or none',
    ],
    [['--node-args'], 'No value for --node-args: it wants one'],
    [['--constructor', '1', 'a.js'], expect.stringMatching(/^Cannot understand the options: /) as string],
    [['--config', '/nowhere.json'], 'Cannot read the configuration /nowhere.json: no such file'],
    [
      ['--', 'python3', 'app.py'],
      'Cannot run the command python3 without a public port: give --port N, as in zdlb --port 8000 -- python3 app.py',
    ],
    [
      ['-p1', '--node', 'node20', '--', 'app'],
      'Cannot use --node with a command: the command itself says what runs it',
    ],
  ])('%j', (argv, message) => {
    expect(() => read(argv)).toThrow(expect.objectContaining({ message }) as Error);
  });

  test('with the name by which the mistake came in', () => {
    expect(() => read(['a.js'], { ZDLB_PORT: 'x' })).toThrow('Bad value for ZDLB_PORT');
    const path = file('{ "port": "x" }');
    expect(() => read(['--config', path, 'a.js'])).toThrow(`Bad value for port in ${path}`);
  });

  test.each(['[]', 'null', '{'])('a file of %s', (content) => {
    expect(() => read(['--config', file(content), 'a.js'])).toThrow(/^Cannot read the configuration/);
  });
});

test('--help names every option, --version is the version', () => {
  const help = parseCommandLine(['--help']);
  expect('print' in help && help.print).toMatch(/--ready-timeout.*--env-file/s);
  expect(parseCommandLine(['--version'])).toEqual({ print: expect.stringMatching(/^\d+\.\d+\.\d+$/) as string });
});
