import { expect, test } from 'vitest';
import { isKnownHost } from '../../../src/admin/known-host.js';

test.each([
  'localhost',
  'LOCALHOST:9000',
  'localhost.:9000',
  'zdlb.localhost:9000',
  '127.0.0.1',
  '127.0.0.1:9000',
  '[::1]:9000',
  '10.1.2.3:9000',
  'ops.internal:9000',
  'OPS.internal',
  undefined,
])('%s is a name that no foreign page can have', (field) => {
  expect(isKnownHost(field, 'ops.internal')).toBe(true);
});

test.each([
  'evil.example',
  'evil.example:9000',
  'localhost.evil.example',
  'evil-localhost',
  '127.0.0.1.evil.example',
  '127.0.0.1@evil.example',
  'evil.example, localhost',
  '[evil.example]:9000',
  '[127.0.0.1]:9000',
  'localhost:9000:9000',
  '2130706433',
  '0x7f.1',
  ':9000',
  '',
])('%s may be a foreign page', (field) => {
  expect(isKnownHost(field, 'ops.internal')).toBe(false);
});

test('a port that is open on all addresses has no name of its own', () => {
  expect(isKnownHost('ops.internal', undefined)).toBe(false);
});
