import { mkdtemp, readFile, rm, watch, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

const BEGIN_MS = 10_000;

/** How often the program executed what was sent, told apart by what must not happen. */
export interface Audit {
  /** Sent but never executed. */
  readonly missing: readonly string[];
  /** Executed more than once. */
  readonly repeated: readonly string[];
  /** Executed but never sent. */
  readonly invented: readonly string[];
}

/** The file in which the program notes each request that it executes: `id pid version`, a line each. */
export class Ledger {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async create(): Promise<Ledger> {
    const folder = await mkdtemp(join(tmpdir(), 'zdlb-ledger-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const ledger = new Ledger(join(folder, 'ledger'));
    await writeFile(ledger.path, '');
    return ledger;
  }

  /** Holds the ledger against the ids that the clients sent. */
  async audit(sent: Iterable<string>): Promise<Audit> {
    const left = await this.#executions();
    const missing: string[] = [];
    const repeated: string[] = [];
    for (const id of sent) {
      const times = left.get(id) ?? 0;
      left.delete(id);
      if (times === 0) missing.push(id);
      if (times > 1) repeated.push(id);
    }
    return { missing, repeated, invented: [...left.keys()] };
  }

  /** The pid of each process that began one of `ids`. */
  async begunOn(ids: Iterable<string>): Promise<ReadonlySet<string>> {
    const wanted = new Set(ids);
    const lines = await this.#lines();
    return new Set(lines.filter(([id]) => wanted.has(id)).map(([, pid]) => pid));
  }

  /** Resolves when that process has just begun a request; there must be a load that goes on. */
  async begunBy(pid: number): Promise<void> {
    for await (const _ of watch(this.path, { signal: AbortSignal.timeout(BEGIN_MS) })) {
      const latest = (await this.#lines()).slice(-1);
      if (latest.some(([, by]) => by === String(pid))) return;
    }
  }

  /** All that was noted, in the order in which it was: id, pid, version, and what else the program says. */
  async rows(): Promise<readonly (readonly string[])[]> {
    const text = await readFile(this.path, 'utf8');
    const lines = text.split('\n').slice(0, -1);
    return lines.map((line) => line.split(' '));
  }

  async #executions(): Promise<Map<string, number>> {
    const times = new Map<string, number>();
    for (const [id] of await this.#lines()) times.set(id, (times.get(id) ?? 0) + 1);
    return times;
  }

  async #lines(): Promise<(readonly [id: string, pid: string])[]> {
    return (await this.rows()).map(([id = '', pid = '']) => [id, pid]);
  }
}

/** Every execution exactly once. */
export const EXACTLY_ONCE: Audit = { missing: [], repeated: [], invented: [] };
