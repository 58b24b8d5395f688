import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../core/errors.js';

/** How long a starting worker has between two probes, in milliseconds. */
const STARTING_INTERVAL_MS = 100;
/** So many probes in a row must fail before a worker counts as ailing, and succeed before it counts as well again. */
const FAILURES = 3;
const SUCCESSES = 2;

/** How a worker is probed; times in milliseconds. */
export interface HealthCheck {
  readonly interval: number;
  readonly timeout: number;
  /** Rejects with what it met instead of a good answer; given up when `signal` aborts. */
  readonly probe: (signal: AbortSignal) => Promise<void>;
}

/** Probes a starting worker again and again; false when `scope` was aborted before it was healthy. */
export async function untilHealthy(
  check: HealthCheck,
  scope: AbortSignal,
  failed: (reason: string) => void,
): Promise<boolean> {
  while (!scope.aborted) {
    const complaint = await complaintOf(check, scope);
    if (scope.aborted) break;
    if (complaint === undefined) return true;
    failed(complaint);
    await pause(STARTING_INTERVAL_MS, scope);
  }
  return false;
}

/** Who hears how a ready worker is. */
export interface HealthOwner {
  /** It failed three probes in a row, the last for `reason`. */
  ailing(reason: string): void;
  /** It answered two probes in a row. */
  recovered(): void;
}

/** Probes a ready worker until `scope` is aborted. */
export async function watchHealth(check: HealthCheck, scope: AbortSignal, owner: HealthOwner): Promise<void> {
  let isWell = true;
  /** How many probes in a row spoke against that. */
  let contrary = 0;
  for (;;) {
    await pause(check.interval, scope);
    const complaint = scope.aborted ? undefined : await complaintOf(check, scope);
    if (scope.aborted) return;
    contrary = (complaint === undefined) === isWell ? 0 : contrary + 1;
    if (contrary < (isWell ? FAILURES : SUCCESSES)) continue;
    isWell = !isWell;
    contrary = 0;
    if (complaint === undefined) owner.recovered();
    else owner.ailing(complaint);
  }
}

/** One probe, within its own time. */
async function complaintOf({ probe, timeout }: HealthCheck, scope: AbortSignal): Promise<string | undefined> {
  const attempt = new AbortController();
  const abort = (): void => attempt.abort();
  const timer = setTimeout(abort, timeout);
  scope.addEventListener('abort', abort, { once: true });
  try {
    await probe(attempt.signal);
    return undefined;
  } catch (error) {
    return messageOf(error);
  } finally {
    clearTimeout(timer);
    scope.removeEventListener('abort', abort);
  }
}

async function pause(ms: number, scope: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal: scope }).catch(() => {});
}
