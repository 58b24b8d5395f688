import type { Random } from '../kit/random.ts';

const METHODS = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'OPTIONS',
  'PATCH',
  'TRACE',
  'CONNECT',
  'PRI',
  'get',
  'M-SEARCH',
];
const VERSIONS = ['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'HTTP/0.9', 'http/1.1'];
const FIELDS: readonly ((random: Random) => string)[] = [
  () => 'Connection: keep-alive',
  () => 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
  () => 'Expect: 100-continue',
  () => 'Expect: the unexpected',
  () => 'Accept: text/event-stream',
  () => 'Authorization: Bearer guess',
  () => 'Authorization: Basic %%%',
  () => 'Transfer-Encoding: chunked',
  () => 'Content-Length: 5',
  () => 'Content-Length: 999999999999',
  () => 'Content-Type: application/json',
  (random) => `X-Long: ${'a'.repeat(random.below(20_000))}`,
  (random) => `X-${textOf(random, 12).replaceAll(/[^A-Za-z]/g, '')}: ${textOf(random, 40)}`,
  (random) => Array.from({ length: random.below(300) }, (_, index) => `X-${index}: ${index}`).join('\r\n') || 'X: y',
];
const BODIES = [
  '',
  '',
  '',
  '{}',
  '{"workers":"+1"}',
  '{"wait":"retired"}',
  '5\r\nhello\r\n0\r\n\r\n',
  'hello',
  '[1,2,3]',
];

/** Bytes of all kinds, none of which is meant. */
export function randomBytes(random: Random): Buffer {
  return Buffer.from(Array.from({ length: random.below(400) }, () => random.below(256)));
}

/**
 * A request that is valid HTTP more often than not, for `hosts` and `paths` or any other; its order may make no sense.
 *
 * @param methods those it may have; all sorts, if absent
 */
export function randomRequest(
  random: Random,
  paths: readonly string[],
  { methods = METHODS, hosts = ['localhost'] }: { methods?: readonly string[]; hosts?: readonly string[] } = {},
): string {
  const path = random.below(3) > 0 ? random.pick(paths) : `/${encodeURI(textOf(random, 30))}`;
  const query = random.below(3) === 0 ? `?${encodeURIComponent(textOf(random, 30))}` : '';
  const fields = Array.from({ length: random.below(4) }, () => random.pick(FIELDS)(random));
  const host = random.below(10) === 0 ? [] : [`Host: ${random.pick(hosts)}`];
  const head = [`${random.pick(methods)} ${path}${query} ${random.pick(VERSIONS)}`, ...host, ...fields];
  return `${head.join('\r\n')}\r\n\r\n${random.pick(BODIES)}`;
}

/** What may come over one connection: nonsense, a request, several, a part of one, or one with a byte gone wrong. */
export function httpNoise(
  random: Random,
  paths: readonly string[],
  how: Parameters<typeof randomRequest>[2] = {},
): Buffer {
  const request = () => Buffer.from(randomRequest(random, paths, how), 'latin1');
  switch (random.below(6)) {
    case 0:
      return randomBytes(random);
    case 1:
      return Buffer.concat(Array.from({ length: 1 + random.below(5) }, request));
    case 2: {
      const whole = request();
      return whole.subarray(0, random.below(whole.length));
    }
    case 3: {
      const spoilt = request();
      spoilt[random.below(spoilt.length)] = random.below(256);
      return spoilt;
    }
    default:
      return request();
  }
}

function textOf(random: Random, most: number): string {
  return String.fromCharCode(...Array.from({ length: random.below(most) }, () => 0x20 + random.below(0x5f)));
}
