import { compareClocks } from './server-clock.js';

const KEY = 'zdlb-token';

/** What this tab was told; gone when it is closed. */
export const knownToken = () => sessionStorage.getItem(KEY);

/** @param {string} token */
export const remember = (token) => sessionStorage.setItem(KEY, token);

export const forget = () => sessionStorage.removeItem(KEY);

/**
 * Reads from where the page came, with the token if there is one.
 *
 * @param {string} path
 * @param {AbortSignal} [signal]
 */
export async function read(path, signal) {
  const token = knownToken();
  const answer = await fetch(path, {
    headers: token === null ? {} : { Authorization: `Bearer ${token}` },
    ...(signal !== undefined && { signal }),
  });
  compareClocks(answer);
  if (answer.ok) return answer;
  if (answer.status === 401) forget();
  throw new Error(`${path} answered ${answer.status}`);
}
