import { ZdlbError } from '../core/errors.js';
import { nearest } from '../core/suggestion.js';
import { resolveScript } from '../supervisor/script.js';

/**
 * Sees to it that a misspelt verb is not taken for a script, which would end with a word about files.
 *
 * @throws {ZdlbError} `usage`, when there is no such script, and a verb of nearly that name
 */
export async function assertNoVerbMeant(word: string, verbs: readonly string[]): Promise<void> {
  const verb = nearest(word, verbs);
  // What else may say where scripts are can't be known before the options are read, which then complain themselves.
  if (verb === undefined || !/^\w+$/.test(word) || 'ZDLB_CWD' in process.env || 'ZDLB_CONFIG' in process.env) return;
  if ((await resolveScript('.', word)) !== undefined) return;
  throw new ZdlbError('usage', `Cannot run ${word}: no such verb, and no such file. Did you mean zdlb ${verb}?`);
}
