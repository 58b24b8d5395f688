import { describe, expect, it } from 'vitest';
import { PortMap, type Claim, type Verdict, type Wish } from '../../../dist/agent/port-map.cjs';

const http = (asked: number, address?: string): Wish => ({
  asked,
  isHttp: true,
  ...(address !== undefined && { address }),
});
const tcp = (asked: number): Wish => ({ asked, isHttp: false });

function claimed(verdict: Verdict): Claim {
  if (verdict.kind !== 'claimed') throw new Error(`met ${verdict.kind}, wanted claimed`);
  return verdict.claim;
}

describe('without --port', () => {
  it('every port is public as it is asked for, at once', () => {
    const map = new PortMap({});
    expect(claimed(map.open(http(3000))).port).toBe(3000);
    expect(claimed(map.open(tcp(4000))).port).toBe(4000);
    expect(map.isUndecided).toBe(false);
  });

  it('the first port is the one opened first', () => {
    const map = new PortMap({});
    const [first, second] = [claimed(map.open(tcp(3000))), claimed(map.open(http(4000)))];
    expect([map.isFirst(first), map.isFirst(second)]).toEqual([true, false]);
  });

  it('listen(0) stays native', () => {
    expect(new PortMap({}).open(http(0)).kind).toBe('native');
  });
});

it('with --port none everything stays native', () => {
  const map = new PortMap({ port: 'none' });
  expect([map.open(http(3000)).kind, map.open(http(0)).kind]).toEqual(['native', 'native']);
});

describe('where Unix sockets are all that is public of the first port', () => {
  it('the first HTTP server is it, at once, and keeps its number', () => {
    const map = new PortMap({ port: 'first' });
    const claims = [tcp(3000), http(4000), http(5000)].map((wish) => claimed(map.open(wish)));
    expect(claims.map((claim) => claim.port)).toEqual([3000, 4000, 5000]);
    expect(claims.map((claim) => map.isFirst(claim))).toEqual([false, true, false]);
  });

  it('else the first server is it', () => {
    const map = new PortMap({ port: 'first' });
    const claims = [tcp(3000), tcp(4000)].map((wish) => claimed(map.open(wish)));
    expect(claims.map((claim) => [claim.port, map.portOf(claim)])).toEqual([
      ['undecided', 3000],
      ['undecided', 4000],
    ]);
    map.settle();
    expect(claims.map((claim) => claim.port)).toEqual([3000, 4000]);
    expect(claims.map((claim) => map.isFirst(claim))).toEqual([true, false]);
  });

  it('a listen(0) may be it, also in later generations', () => {
    expect(claimed(new PortMap({ port: 'first' }).open(http(0))).port).toBe(0);
    expect(claimed(new PortMap({ port: 'first', ports: [[0, 0]] }).open(http(0))).port).toBe(0);
    expect(claimed(new PortMap({ port: 'first', ports: [[3000, 3000]] }).open(tcp(3000))).port).toBe(3000);
  });
});

describe('--port', () => {
  it('names the listen() that asks for it, at once', () => {
    const map = new PortMap({ port: 8000 });
    const first = claimed(map.open(http(3000)));
    expect(first.port).toBe('undecided');
    const second = claimed(map.open(tcp(8000)));
    expect([first.port, second.port]).toEqual([3000, 8000]);
    expect([map.isFirst(first), map.isFirst(second)]).toEqual([false, true]);
    expect(claimed(map.open(http(4000))).port).toBe(4000);
  });

  it('else names the first HTTP server', () => {
    const map = new PortMap({ port: 8000 });
    const claims = [tcp(3000), http(4000), http(5000)].map((wish) => claimed(map.open(wish)));
    expect(claims.map((claim) => map.portOf(claim))).toEqual([3000, 8000, 5000]);
    expect(map.isUndecided).toBe(true);
    map.settle();
    expect(claims.map((claim) => claim.port)).toEqual([3000, 8000, 5000]);
    expect(map.isUndecided).toBe(false);
  });

  it('else names the first server', () => {
    const map = new PortMap({ port: 8000 });
    const claims = [tcp(3000), tcp(4000)].map((wish) => claimed(map.open(wish)));
    map.settle();
    expect(claims.map((claim) => claim.port)).toEqual([8000, 4000]);
  });

  it('is refused to whoever asks for it after another was given it', () => {
    const map = new PortMap({ port: 8000 });
    map.open(http(3000));
    map.settle();
    expect(map.open(http(8000))).toEqual({
      kind: 'refused',
      reason: expect.stringContaining('its server on port 3000'),
    });
  });

  it('names a first listen(0), and no later one', () => {
    const map = new PortMap({ port: 8000 });
    const first = claimed(map.open(http(0)));
    expect(map.open(http(0)).kind).toBe('native');
    map.settle();
    expect(first.port).toBe(8000);
    expect(new PortMap({ port: 8000 }).open(http(0)).kind).toBe('claimed');
  });

  it('taken from a first listen(0) leaves that private', () => {
    const map = new PortMap({ port: 8000 });
    const first = claimed(map.open(http(0)));
    map.open(http(8000));
    expect(first.port).toBe('private');
  });

  it('is not given to a server that has closed', () => {
    const map = new PortMap({ port: 8000 });
    map.close(claimed(map.open(http(3000))));
    const second = claimed(map.open(http(4000)));
    map.settle();
    expect(second.port).toBe(8000);
  });

  it('stays with its server when that closes and opens again', () => {
    const map = new PortMap({ port: 8000 });
    const first = claimed(map.open(http(3000)));
    map.settle();
    map.close(first);
    const again = claimed(map.open(http(3000)));
    expect([again.port, map.isFirst(again)]).toEqual([8000, true]);
  });
});

describe('a later generation', () => {
  it('finds the map made', () => {
    const map = new PortMap({
      port: 8000,
      ports: [
        [3000, 8000],
        [9000, 9000],
      ],
    });
    const claims = [http(9000), http(3000), http(7000)].map((wish) => claimed(map.open(wish)));
    expect(claims.map((claim) => claim.port)).toEqual([9000, 8000, 7000]);
    expect(claims.map((claim) => map.isFirst(claim))).toEqual([false, true, false]);
    expect(map.isUndecided).toBe(false);
  });

  it('maps a first listen(0) only if the first generation did', () => {
    expect(claimed(new PortMap({ port: 8000, ports: [[0, 8000]] }).open(http(0))).port).toBe(8000);
    expect(new PortMap({ port: 8000, ports: [[8000, 8000]] }).open(http(0)).kind).toBe('native');
  });

  it('is refused --port when the first one gave it to another', () => {
    expect(new PortMap({ port: 8000, ports: [[3000, 8000]] }).open(http(8000)).kind).toBe('refused');
  });
});

function kindOfSecond(first: Wish, wish: Wish): Verdict['kind'] {
  const map = new PortMap({});
  map.open(first);
  return map.open(wish).kind;
}

describe('a second server on a port', () => {
  it('at another address shares it', () => {
    expect(kindOfSecond(http(3000, '127.0.0.1'), http(3000, '::1'))).toBe('shared');
    expect(kindOfSecond(http(3000, '0.0.0.0'), http(3000, '::1'))).toBe('shared');
    expect(kindOfSecond({ ...http(3000), isShareable: true }, http(3000, '0.0.0.0'))).toBe('shared');
  });

  it('for the other family shares it, where one of them is for IPv6 only', () => {
    const six = (address?: string): Wish => ({ ...http(3000, address), ipv6Only: true });
    expect(kindOfSecond(http(3000, '0.0.0.0'), six('::'))).toBe('shared');
    expect(kindOfSecond(six('::'), http(3000, '0.0.0.0'))).toBe('shared');
    expect(kindOfSecond(six(), http(3000, '127.0.0.1'))).toBe('shared');
    expect(kindOfSecond(http(3000, '0.0.0.0'), six())).toBe('shared');
    expect(kindOfSecond(http(3000), six('::'))).toBe('taken');
    expect(kindOfSecond(six('::'), http(3000))).toBe('taken');
    expect(kindOfSecond(six(), six('::'))).toBe('taken');
    expect(kindOfSecond(six('::'), http(3000, '::1'))).toBe('taken');
  });

  it('at the same address, or all, is too much', () => {
    expect(kindOfSecond(http(3000), http(3000))).toBe('taken');
    expect(kindOfSecond(http(3000), http(3000, '127.0.0.1'))).toBe('taken');
    expect(kindOfSecond(http(3000, '127.0.0.1'), http(3000, '0.0.0.0'))).toBe('taken');
    expect(kindOfSecond(http(3000, '::1'), http(3000, '::'))).toBe('taken');
    expect(kindOfSecond(http(3000, '::1'), http(3000, '::1'))).toBe('taken');
  });

  it('is possible once the first has closed', () => {
    const map = new PortMap({});
    map.close(claimed(map.open(http(3000))));
    expect(map.open(http(3000)).kind).toBe('claimed');
  });

  it('shares a port that the program was told of, at another address', () => {
    const map = new PortMap({ port: 8000 });
    const first = claimed(map.open(http(3000, '127.0.0.1')));
    first.isTold = true;
    expect(map.open(http(8000, '::1'))).toEqual({ kind: 'shared', claim: first });
  });

  it('takes a port that the program was told of, at all addresses', () => {
    const map = new PortMap({ port: 8000 });
    const first = claimed(map.open(http(3000)));
    first.isTold = true;
    expect(claimed(map.open(http(8000))).port).toBe(8000);
    expect(first.port).toBe(3000);
  });
});
