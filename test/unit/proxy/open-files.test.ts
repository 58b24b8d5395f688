import { expect, test } from 'vitest';
import { OpenFiles, neededOpenFiles, openFilesLimit, withinOpenFiles } from '../../../src/proxy/open-files.js';

const settings = { maxConnections: 10_000, maxConnectionsPerAddress: 7, holdMax: 1_024, holdTimeout: 30_000 };

const silent = () => expect.unreachable();
const staff = (workers: number) => ({ workers, generations: 5 });

test('bounds that the open files can hold stay as they are', () => {
  expect(withinOpenFiles(settings, staff(4), 1_048_576)).toEqual(settings);
  const off = { ...settings, maxConnections: Infinity };
  expect(withinOpenFiles(off, staff(4), Infinity)).toEqual(off);
});

test('bounds are lowered to what the open files can hold', () => {
  expect(withinOpenFiles(settings, staff(4), 20_000)).toEqual({ ...settings, maxConnections: 9_406 });
  const { maxConnections, holdMax } = withinOpenFiles(settings, staff(1), 256);
  expect({ maxConnections, holdMax }).toEqual({ maxConnections: 63, holdMax: 41 });
  expect(withinOpenFiles({ ...settings, maxConnections: Infinity }, staff(1), 256).maxConnections).toBe(63);
});

test('every generation that may have workers counts', () => {
  const [few, many] = [3, 19].map((generations) => withinOpenFiles(settings, { workers: 8, generations }, 20_000));
  expect(few!.maxConnections - many!.maxConnections).toBe((16 * 8 * 5) / 2);
});

test('one connection is let through however few open files there may be', () => {
  expect(withinOpenFiles(settings, staff(4), 64)).toEqual({ ...settings, maxConnections: 1, holdMax: 0 });
});

test('a bound is never raised', () => {
  const few = { ...settings, maxConnections: 5, holdMax: 1_000 };
  expect(withinOpenFiles(few, staff(1), 256)).toEqual({ ...few, holdMax: 41 });
});

test('what is needed at the most is what makes the bounds fit', () => {
  const needed = neededOpenFiles(settings, staff(4));
  expect(withinOpenFiles(settings, staff(4), needed)).toEqual(settings);
  expect(withinOpenFiles(settings, staff(4), needed - 1)).not.toEqual(settings);
});

test('a limit that is too low is warned of once, and again only when the figures are others', () => {
  const warnings: string[] = [];
  const warn = (_: unknown, message: string) => void warnings.push(message);
  const openFiles = new OpenFiles({ debug: silent, info: silent, error: silent, warn });
  const { maxConnections } = openFiles.fit({ ...settings, maxConnections: 100_000_000 }, staff(4));
  openFiles.fit({ ...settings, maxConnections: 200_000_000 }, staff(4));
  expect(warnings).toEqual([expect.stringContaining(`at most ${maxConnections} connections`)]);
  openFiles.fit({ ...settings, maxConnections: 100_000_000 }, staff(5));
  expect(warnings).toHaveLength(2);
  openFiles.fit({ ...settings, maxConnections: 1 }, staff(1));
  expect(warnings).toHaveLength(2);
});

test.runIf(process.platform === 'linux')('the limit of open files is known', () => {
  const { open_files } = (process.report.getReport() as unknown as Report).userLimits;
  expect(openFilesLimit()).toBe(open_files.soft === 'unlimited' ? Infinity : open_files.soft);
});

interface Report {
  readonly userLimits: { readonly open_files: { readonly soft: number | 'unlimited' } };
}
