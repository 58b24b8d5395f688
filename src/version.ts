import { createRequire } from 'node:module';

const { version: text } = createRequire(import.meta.url)('../package.json') as { readonly version: string };

/** The version of this zdlb. */
export const version = text;
