import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './folder.ts';

/** A token that may guard an admin port. */
export const SECRET = 'correct-horse-battery-staple';

/** A file with that in it, or with something else. */
export function tokenFile(content = SECRET): string {
  const path = join(temporaryFolder(), 'token');
  writeFileSync(path, `${content}\n`);
  return path;
}
