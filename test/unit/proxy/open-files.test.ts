import { expect, test } from 'vitest';
import { openFilesLimit, withinOpenFiles } from '../../../src/proxy/open-files.js';

const settings = { maxConnections: 10_000, maxConnectionsPerAddress: 7, holdMax: 1_024, holdTimeout: 30_000 };

test('bounds that the open files can hold stay as they are', () => {
  expect(withinOpenFiles(settings, 4, 1_048_576)).toEqual(settings);
  const off = { ...settings, maxConnections: Infinity };
  expect(withinOpenFiles(off, 4, Infinity)).toEqual(off);
});

test('bounds are lowered to what the open files can hold', () => {
  expect(withinOpenFiles(settings, 4, 20_000)).toEqual({ ...settings, maxConnections: 9_406 });
  const { maxConnections, holdMax } = withinOpenFiles(settings, 1, 256);
  expect({ maxConnections, holdMax }).toEqual({ maxConnections: 63, holdMax: 41 });
  expect(withinOpenFiles({ ...settings, maxConnections: Infinity }, 1, 256).maxConnections).toBe(63);
});

test('one connection is let through however few open files there may be', () => {
  expect(withinOpenFiles(settings, 4, 64)).toEqual({ ...settings, maxConnections: 1, holdMax: 0 });
});

test('a bound is never raised', () => {
  const few = { ...settings, maxConnections: 5, holdMax: 1_000 };
  expect(withinOpenFiles(few, 1, 256)).toEqual({ ...few, holdMax: 41 });
});

test.runIf(process.platform === 'linux')('the limit of open files is known', () => {
  const { open_files } = (process.report.getReport() as unknown as Report).userLimits;
  expect(openFilesLimit()).toBe(open_files.soft === 'unlimited' ? Infinity : open_files.soft);
});

interface Report {
  readonly userLimits: { readonly open_files: { readonly soft: number | 'unlimited' } };
}
