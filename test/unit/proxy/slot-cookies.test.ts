import { describe, expect, test } from 'vitest';
import { MAX_FIELDS } from '../../../src/http/fields.js';
import { RequestHead } from '../../../src/http/request-head.js';
import { SlotCookies } from '../../../src/proxy/slot-cookies.js';

const cookies = new SlotCookies('shop');
const head = new RequestHead();

/** What these Cookie fields say. */
function slotOf(...values: readonly string[]): number | undefined {
  const lines = values.map((value) => `Cookie: ${value}\r\n`).join('');
  const bytes = Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`, 'latin1');
  expect(head.parse(bytes, 0, bytes.length, { maxFields: MAX_FIELDS, maxTargetSize: 100 })).toBe(bytes.length);
  return cookies.slotOf(head.fields, bytes);
}

/** The pair that a client sends back. */
function pairFor(slot: number, by: SlotCookies = cookies): string {
  return /^Set-Cookie: ([^;]+);/.exec(by.lineFor(slot, undefined)!.toString('latin1'))![1]!;
}

const good = pairFor(3);
const [name, value] = good.split('=') as [string, string];

test('the cookie is for the whole host, and for no script to read', () => {
  expect(cookies.lineFor(3, undefined)!.toString('latin1')).toMatch(
    /^Set-Cookie: zdlb_slot_shop=3\.[\w-]{22}; Path=\/; HttpOnly; SameSite=Lax\r\n$/,
  );
});

test('who has the cookie gets it not again', () => {
  expect(cookies.lineFor(3, 3)).toBe(undefined);
});

describe('it is found', () => {
  test.each([
    [good],
    [`a=b; ${good}`],
    [`a=b;${good};c=d`],
    [`a=b; \t${good} ; c`],
    [`${name}="${value}"`],
    [`x${good}; ${good}`],
    [`${name}=bad; ${good}`],
    [`;;${good};`],
    [`a="${'x'.repeat(2_000)}"; ${good}`],
  ])('in %s', (field) => {
    expect(slotOf(field)).toBe(3);
  });

  test('in several fields', () => {
    expect(slotOf('a=b', `c=d; ${good}`)).toBe(3);
  });

  test('and the first of two that are good counts', () => {
    expect(slotOf(`${good}; ${pairFor(1)}`)).toBe(3);
  });
});

describe('it is no cookie', () => {
  test.each([
    [''],
    ['a=b'],
    [name],
    [`${name}=`],
    [`${name}=3`],
    [`${name}=3.`],
    [`${name.toUpperCase()}=${value}`],
    [`x${good}`],
    [`${good}x`],
    [`${name} =${value}`],
    [`${name}=4${value.slice(1)}`],
    [`${name}=03${value.slice(1)}`],
    [`${name}=99999${value.slice(1)}`],
    [`${name}=-1${value.slice(1)}`],
    [`${name}="${value}`],
    [`${name}=""`],
    [`${name}="`],
    [`a="; ${name}=x"`],
    [`${name}=${value.slice(0, -1)}\u00e9`],
    [pairFor(3, new SlotCookies('shop', Buffer.from('another run')))],
    [pairFor(3, new SlotCookies('blog'))],
  ])('%s', (field) => {
    expect(slotOf(field)).toBe(undefined);
  });
});
