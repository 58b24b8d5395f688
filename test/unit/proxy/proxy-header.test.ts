import { describe, expect, test } from 'vitest';
import { readProxyHeader } from '../../../src/proxy/proxy-header.js';
import { ILLEGAL, LEGAL } from '../../kit/proxy-headers.js';

const BEHIND = Buffer.from('\r\nPROXY GET / HTTP/1.1\r\n\r\n');

/** What is read of each beginning of `bytes`, until it is no longer in suspense. */
function byteByByte(bytes: Buffer): ReturnType<typeof readProxyHeader> {
  for (let length = 0; length < bytes.length; length++) {
    const read = readProxyHeader(bytes.subarray(0, length));
    if (read !== 'partial') return read;
  }
  return readProxyHeader(bytes);
}

describe('a header says whose connection it is', () => {
  test.each(LEGAL)('%s', (_name, bytes, ends) => {
    const wanted = { length: bytes.length, ...(ends && { ends }) };
    expect(readProxyHeader(bytes)).toEqual(wanted);
    expect(readProxyHeader(Buffer.concat([bytes, BEHIND]))).toEqual(wanted);
    for (let length = 0; length < bytes.length; length++)
      expect(readProxyHeader(bytes.subarray(0, length))).toBe('partial');
  });
});

describe('nothing else passes for a header', () => {
  test.each(ILLEGAL)('%s', (_name, bytes, outcome) => {
    expect(readProxyHeader(bytes)).toBe(outcome);
    expect(readProxyHeader(Buffer.concat([bytes, BEHIND]))).toBe(outcome);
    expect(byteByByte(bytes)).toBe(outcome);
  });
});

test('what is no header is known by its first byte that differs', () => {
  expect(readProxyHeader(Buffer.from('G'))).toBe('absent');
  expect(readProxyHeader(Buffer.from('PROXZ'))).toBe('absent');
  expect(readProxyHeader(Buffer.from('\r\n\r\n\r'))).toBe('absent');
});
