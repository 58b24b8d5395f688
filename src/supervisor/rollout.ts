import type { Config } from '../core/config.js';
import type { Generation } from './generation.js';

/** What a rollout changes around the new generation. */
export interface RolloutStage {
  /** @throws {ZdlbError} `stopping`, when nothing new is to be started any more */
  readonly proceed: () => void;
  /** All ready workers of the generation get the work of their slots, in this tick. */
  readonly takeOver: (generation: Generation) => void;
  /** Resolves when the former holders of the slots are drained and gone. */
  readonly relieve: (slots: readonly number[]) => Promise<void>;
  readonly batchDone: (ready: number) => void;
}

/**
 * Brings a new generation into service: all workers at once, or `surge` at a time. Then the former holders of a batch's slots
 * are gone before the next batch starts, so that there are never more processes than wanted and `surge`, and never fewer
 * than wanted in service.
 *
 * @throws {WorkerFailure} with the first failure. What served before the failed batch serves on.
 */
export async function rollOut(
  generation: Generation,
  count: number,
  surge: Config['surge'],
  stage: RolloutStage,
): Promise<void> {
  const size = surge === 'all' ? count : surge;
  for (let first = 0; first < count; first += size) {
    const batch = Array.from({ length: Math.min(size, count - first) }, (_, index) => first + index);
    await prove(generation, batch, stage);
    stage.takeOver(generation);
    const relieved = stage.relieve(batch);
    const ready = first + batch.length;
    if (ready === count) return; // the last ones go behind the reload
    stage.batchDone(ready);
    await relieved;
  }
}

/** Starts a batch; leaves nothing of it behind when that fails. */
async function prove(generation: Generation, batch: readonly number[], { proceed }: RolloutStage): Promise<void> {
  proceed();
  try {
    await generation.start(batch);
    proceed();
  } catch (error) {
    if (generation.state === 'serving') await generation.dismiss(batch);
    else await generation.abandon(error as Error);
    proceed(); // when zdlb stops, that is the reason, and not what became of the workers
    throw error;
  }
}
