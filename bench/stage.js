// @ts-check
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Holds what a run has opened, and closes it in reverse order. */
export class Stage {
  #isOpen = true;
  /** @type {(() => unknown)[]} */
  #closers = [];

  /**
   * Has `close` called, once, when the stage closes. On a closed stage it is called at once: the run was interrupted while
   * something was being opened.
   *
   * @param {() => unknown} close
   */
  onClose(close) {
    if (this.#isOpen) return void this.#closers.push(close);
    void close();
    throw new Error('the run has ended');
  }

  /** A stage that closes with this one, or before it. */
  nested() {
    const stage = new Stage();
    this.onClose(() => stage.close());
    return stage;
  }

  /** A new temporary folder; it goes with the stage. */
  folder() {
    const path = mkdtempSync(join(tmpdir(), 'zdlb-bench-'));
    this.onClose(() => rmSync(path, { recursive: true, force: true, maxRetries: 3 }));
    return path;
  }

  /** @throws {unknown} the first failure to close, after everything else has been closed */
  async close() {
    this.#isOpen = false;
    /** @type {unknown[]} */
    const failures = [];
    for (let close = this.#closers.pop(); close !== undefined; close = this.#closers.pop()) {
      try {
        await close();
      } catch (failure) {
        failures.push(failure);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
