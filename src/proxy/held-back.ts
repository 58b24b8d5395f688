import type { Claimant } from './balancer.js';

/**
 * The claims that wait for an operator's word, whoever has room meanwhile. They wait as long as the pause lasts, which is bounded; the
 * time that they may wait for a worker begins behind it.
 *
 *     off <-> on        who waited is let go a few at a time, while who comes does not wait any more
 *     any -> shut       zdlb stops: nobody is let go any more
 */
export class HeldBack {
  /** In the order in which they are let go. */
  readonly #first = new Set<Claimant>();
  readonly #rest = new Set<Claimant>();
  #state: 'off' | 'on' | 'shut' = 'off';

  /** Whether who comes now has to wait, or to go. */
  get isOn(): boolean {
    return this.#state !== 'off';
  }

  get isShut(): boolean {
    return this.#state === 'shut';
  }

  get size(): number {
    return this.#first.size + this.#rest.size;
  }

  begin(): void {
    if (this.#state === 'off') this.#state = 'on';
  }

  /** Who comes from now on need not wait. */
  end(): void {
    if (this.#state === 'on') this.#state = 'off';
  }

  /** Nobody may wait any more; the result are those who did. */
  shut(): readonly Claimant[] {
    this.#state = 'shut';
    const all = this.claimants;
    this.#first.clear();
    this.#rest.clear();
    return all;
  }

  get claimants(): readonly Claimant[] {
    return [...this.#first, ...this.#rest];
  }

  /** @param isFirst whether it goes before all others */
  add(claimant: Claimant, isFirst: boolean): void {
    (isFirst ? this.#first : this.#rest).add(claimant);
  }

  /** Whether it was there. */
  remove(claimant: Claimant): boolean {
    return this.#first.delete(claimant) || this.#rest.delete(claimant);
  }
}
