import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { format } from 'prettier';
import { expect, test } from 'vitest';
import { defaultOf, jsonSchema, keys, parseConfig } from '../../../src/core/config.js';
import { optionsPage } from '../../kit/options-page.ts';

const example = JSON.parse(readFileSync('config.example.json', 'utf8')) as Record<string, unknown>;
const accepts = new Ajv().compile(jsonSchema());

/** Whether zdlb itself takes the settings. */
function isValid(settings: Record<string, unknown>): boolean {
  try {
    parseConfig(settings, 'config', (key) => key);
    return true;
  } catch {
    return false;
  }
}

test('config.schema.json is made of the schema that validates', async () => {
  const text = await format(JSON.stringify(jsonSchema()), { parser: 'json', printWidth: 120 });
  await expect(text).toMatchFileSnapshot('../../../config.schema.json');
});

test('docs/options.md is made of it', async () => {
  const text = await format(optionsPage(), { parser: 'markdown', printWidth: 120 });
  await expect(text).toMatchFileSnapshot('../../../docs/options.md');
});

/** What the example can't leave open: it is to run. */
const EXAMPLES: Readonly<Record<string, unknown>> = {
  $schema: './config.schema.json',
  script: 'examples/server.js',
  name: 'example',
  port: 8000,
};

test('config.example.json shows every key, with its default where it has one', async () => {
  const sorted = [...Object.keys(EXAMPLES), ...keys.filter((key) => !Object.hasOwn(EXAMPLES, key))];
  const content = Object.fromEntries(sorted.map((key) => [key, EXAMPLES[key] ?? defaultOf(key)]));
  const text = await format(JSON.stringify(content), { parser: 'json', printWidth: 120 });
  await expect(text).toMatchFileSnapshot('../../../config.example.json');
});

test('the example is valid by it', () => {
  expect(accepts(example), JSON.stringify(accepts.errors)).toBe(true);
});

test.each<[string, unknown]>([
  ['port', 'none'],
  ['port', 0],
  ['port', 'some'],
  ['workers', 'max'],
  ['workers', 'min'],
  ['workers', 513],
  ['name', 'a b'],
  ['mode', 'udp'],
  ['drainTimeout', 0],
  ['drainTimeout', '1.5s'],
  ['drainTimeout', '30 s'],
  ['drainTimeout', 30],
  ['maxMemory', 'off'],
  ['maxMemory', '300M'],
  ['maxMemory', '300X'],
  ['maxConnections', 'on'],
  ['stopSignal', 'SIGTERM'],
  ['stopSignal', 'TERM'],
  ['listen', 'unix:/run/app.sock'],
  ['listen', 8000],
  ['socketMode', '660'],
  ['socketMode', '888'],
  ['watchPath', ['a', 'b']],
  ['watchPath', [1]],
  ['waitReady', true],
  ['waitReady', 'yes'],
  ['args', 'a b'],
  ['command', []],
  ['env', { A: '1', B: 2, C: true }],
  ['env', ['A=1', 'B=2']],
  ['env', { A: null }],
  ['env', { 'a b': '1' }],
  ['envFile', null],
  ['drainTimeout', null],
  ['unknown', 1],
])('it agrees with zdlb on %s: %j', (key, value) => {
  const settings = { ...(key === 'command' ? { port: 8000 } : { script: 'a.js' }), [key]: value };
  expect(accepts(settings)).toBe(isValid(settings));
});
