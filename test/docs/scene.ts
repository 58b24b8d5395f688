import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { BIN } from '../kit/bin.ts';
import { freePort } from '../kit/free-port.ts';
import type { Command } from './commands.ts';
import type { Expectation } from './expectations.ts';

const ROOT = resolve('.');
const PATIENCE_MS = 20_000;
const STOP_MS = 10_000;
/** Of what a command printed, so many characters are shown. */
const SHOWN = 2_000;
/** Words behind `zdlb` that start no instance in the foreground. */
const VERBS =
  /^(?:[A-Z_]+=\S* )*(?:npx )?zdlb (?:check|migrate|reload|status|ls|scale|rollback|logs|stop|pause|resume|start|init|completion|--help|--version)\b/;
const RUNS = /^(?:[A-Z_]+=\S* )*(?:npx )?zdlb /;
/** Orders to an instance that is there already. */
const ORDERS = /\bzdlb (?:reload|status|ls|scale|rollback|logs|stop|pause|resume)\b|<pid|\.sock\b|\bcurl\b/;

const SERVER = `import { createServer } from 'node:http';
createServer((_, response) => response.end('Hello\\n')).listen(process.env.PORT ?? 8000);`;
const PYTHON = `import http.server, os
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b'Hello')
http.server.HTTPServer((os.environ['HOST'], int(os.environ['PORT'])), Handler).serve_forever()`;

/** What the readers of a page have in their folder. */
const FILES: Readonly<Record<string, string>> = {
  'package.json': '{ "type": "module" }',
  'server.js': SERVER,
  'app.py': PYTHON,
  'consumer.js': 'setInterval(() => {}, 1_000);',
  'zdlb.json': '{ "script": "server.js", "port": 8000 }',
  'ecosystem.config.cjs': `module.exports = { apps: [{ name: 'api', script: 'server.js', env: { PORT: 8000 } }] };`,
  'ecosystem.config.js': `export default { apps: [{ name: 'api', script: 'server.js', env: { PORT: 8000 } }] };`,
  'migrate.sh': '#!/bin/sh\n',
  server: '#!/bin/sh\nexec node --input-type=module -e "$(cat server.js)"\n',
};

export const isServing = ({ text }: Command) => RUNS.test(text) && !VERBS.test(text);

const end = (printed: string) => printed.slice(-SHOWN);

interface Ended {
  readonly code: number | null;
  readonly printed: string;
}

/** A folder like a reader's, with `zdlb` in PATH, in which the commands of a page are typed one after the other. */
export class Scene {
  readonly #folder = realpathSync(mkdtempSync(join(tmpdir(), 'zd-')));
  readonly #home = join(this.#folder, '.home');
  /** What can't be as it stands on the page: its ports are everybody's, its folders are root's. */
  readonly #replacements: readonly (readonly [RegExp, string])[];
  /** The instance that the page has started last, and all that it has printed. */
  #serving: { readonly child: ChildProcess; readonly printed: () => string } | undefined;

  private constructor(ports: readonly number[]) {
    const [port, admin, other] = ports;
    this.#replacements = [
      [/\b8000\b/g, String(port)],
      [/\b9000\b/g, String(admin)],
      [/\b8001\b/g, String(other)],
      [/\/run\/zdlb\b|\$XDG_RUNTIME_DIR\/zdlb\b/g, this.#home],
      [/\/var\/log\/\w+\//g, `${this.#folder}/`],
      [/\/run\/(?=\w+\.sock)/g, `${this.#folder}/`],
    ];
    mkdirSync(this.#home, { mode: 0o700 });
    mkdirSync(join(this.#folder, 'releases', '42'), { recursive: true });
    for (const [name, text] of Object.entries(FILES)) writeFileSync(join(this.#folder, name), this.#here(text));
    for (const name of ['migrate.sh', 'server']) chmodSync(join(this.#folder, name), 0o755);
    symlinkSync(join(ROOT, 'examples'), join(this.#folder, 'examples'));
    const bin = join(this.#folder, '.bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'zdlb'), `#!/bin/sh\nexec '${process.execPath}' '${BIN.join("' '")}' "$@"\n`, {
      mode: 0o755,
    });
    writeFileSync(join(bin, 'npx'), '#!/bin/sh\nexec "$@"\n', { mode: 0o755 });
  }

  static async open(): Promise<Scene> {
    return new Scene([await freePort(), await freePort(), await freePort()]);
  }

  /** Types a command, and says what is wrong with what came of it. */
  async type(command: Command, expectation: Expectation = {}): Promise<string | undefined> {
    if (isServing(command)) return this.#serve(command.text);
    if (this.#serving === undefined && ORDERS.test(command.text))
      await this.#serve('zdlb --name api --port 8000 --admin 127.0.0.1:9000 --workers 1 server.js');
    const { code, printed } = await this.#run(command.text, expectation);
    const { code: wanted = 0, prints, isEndless } = expectation;
    if (isEndless !== true && code !== wanted)
      return `ended with ${code}, not with ${wanted}, and printed:\n${end(printed)}`;
    if (prints !== undefined && !prints.test(printed)) return `did not print ${prints}, but:\n${end(printed)}`;
    const missing = command.output.split('\n').find((line) => !printed.includes(line.trim()));
    return missing === undefined ? undefined : `did not print "${missing}", but:\n${end(printed)}`;
  }

  /** Stops what the page has started; says what is wrong with how it ended. */
  async leave(): Promise<string | undefined> {
    const serving = this.#serving;
    this.#serving = undefined;
    if (serving === undefined) return undefined;
    const { child, printed } = serving;
    if (child.exitCode === null) child.kill('SIGINT'); // as Ctrl-C would: without the stop delay
    const force = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    clearTimeout(force);
    return child.exitCode === 0 ? undefined : `was stopped, and ended with ${child.exitCode}:\n${end(printed())}`;
  }

  /** Also what `zdlb start` has put into the background. */
  async close(): Promise<void> {
    await this.leave();
    const instances = 'zdlb ls --json | grep -o \'"name":"[^"]*"\' | cut -d\'"\' -f4';
    await this.#run(`for name in $(${instances}); do zdlb stop --name "$name"; done`, {});
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #here(text: string): string {
    return this.#replacements.reduce((written, [what, by]) => written.replace(what, by), text);
  }

  #spawn(text: string): { readonly child: ChildProcess; readonly printed: () => string } {
    const pid = String(this.#serving?.child.pid ?? '');
    const { PATH = '', HOME } = process.env;
    const child = spawn('sh', ['-c', this.#here(text).replaceAll(/<pid[^>]*>/g, pid)], {
      cwd: this.#folder,
      env: { PATH: `${this.#folder}/.bin:${PATH}`, HOME, ZDLB_HOME: this.#home, XDG_STATE_HOME: this.#folder },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true, // a group of its own, to be stopped as a whole
    });
    let printed = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (part: string) => {
        printed += part;
        child.emit('printed');
      });
    return { child, printed: () => printed };
  }

  async #serve(text: string): Promise<string | undefined> {
    const wrong = await this.leave();
    const serving = this.#spawn(`exec ${text.replace(/^npx /, '')}`.replace(/^exec ((?:[A-Z_]+=\S* )+)/, '$1 exec '));
    const { child, printed } = serving;
    this.#serving = serving;
    const deadline = AbortSignal.timeout(PATIENCE_MS);
    while (!/"event":"serving"|Serving with/.test(printed())) {
      if (child.exitCode !== null) return `ended with ${child.exitCode} before it served:\n${end(printed())}`;
      const news = Promise.race(['printed', 'exit'].map((name) => once(child, name, { signal: deadline })));
      if (
        !(await news.then(
          () => true,
          () => false,
        ))
      )
        return `did not serve within ${PATIENCE_MS} ms:\n${end(printed())}`;
    }
    return wrong;
  }

  async #run(text: string, { isEndless, prints }: Expectation): Promise<Ended> {
    const { child, printed } = this.#spawn(text);
    const kill = () => process.kill(-child.pid!, 'SIGKILL');
    const patience = setTimeout(kill, PATIENCE_MS);
    const ended = once(child, 'close');
    if (isEndless === true) child.on('printed', () => prints?.test(printed()) === true && kill());
    await ended;
    clearTimeout(patience);
    return { code: child.exitCode, printed: printed() };
  }
}
