import { onTestFinished } from 'vitest';

const STEP_MS = 10;
/** A timer that is less late than that is an ordinary one. */
const ORDINARY_MS = 50;

/**
 * Watches for moments in which nothing on this machine gets on (its host has lent the processors to others, a disk is waited
 * for). The answer tells how long they were together since then, in milliseconds: so much more a test has to allow where it
 * asks when something happened.
 */
export function watchStalls(): () => number {
  let stalled = 0;
  let last = performance.now();
  const look = (): number => {
    const now = performance.now();
    const late = now - last - STEP_MS;
    if (late > ORDINARY_MS) stalled += late;
    last = now;
    return stalled;
  };
  const timer = setInterval(look, STEP_MS);
  onTestFinished(() => clearInterval(timer));
  return look;
}
