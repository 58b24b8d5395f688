import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Browser } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const paths = (process.env['PATH'] ?? '').split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)));

/** Where a browser is; undefined where there is none, and tests of the page can say nothing. */
export const chromiumPath = paths.find(isExecutable);

/** Stands in the name of a test that is left out. */
export const WITHOUT_CHROMIUM = chromiumPath === undefined ? ' (left out: there is no chromium here)' : '';

/** Starts a browser without a window. It asks for `evil.example` at this machine, as after a rebinding of that name. */
export async function launchChromium(): Promise<Browser> {
  const { chromium } = await import('playwright-core');
  const args = [...FLAGS, '--host-resolver-rules=MAP evil.example 127.0.0.1'];
  return chromium.launch({ executablePath: chromiumPath!, args });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
