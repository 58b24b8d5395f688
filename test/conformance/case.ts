/** One turn of a conversation over the relay. */
export interface Step {
  readonly from: 'client' | 'worker';
  /** The bytes that this side sends (latin1). */
  readonly sends: string;
  /** Exactly the bytes that the other side gets before the next turn. */
  readonly gives: string;
  /** Whether this side ends its half of the connection behind its bytes. */
  readonly ends?: boolean;
}

/** How a conversation ends. In every case the worker has seen what the steps say, and not one byte more. */
export type Ending =
  /** The client's connection is in step: a further request on it is answered. */
  | { readonly kind: 'open' }
  /** The client gets a FIN behind the last answer. */
  | { readonly kind: 'closed' }
  /** The client gets a short answer in the worker's place, `Connection: close`, and a FIN. */
  | {
      readonly kind: 'refused';
      readonly status: number;
      /** What a body that turns out malformed may have sent on before: the worker sees a part of it, and an end. */
      readonly prefix?: string;
      readonly isHead?: boolean;
    }
  /** The client gets a short answer in the worker's place, 502 unless given. */
  | { readonly kind: 'failed'; readonly status?: number }
  /** The client gets a part of this answer, and a reset. */
  | { readonly kind: 'cut'; readonly prefix?: string }
  /** One of the two: `failed` with 502 while nothing of the answer was passed on, else `cut`. */
  | { readonly kind: 'broken'; readonly prefix: string };

/** The settings that a case is about; all others are the defaults. */
export interface Settings {
  readonly forwarded?: 'auto' | 'on' | 'off';
  readonly trusts?: (address: string) => boolean;
  readonly maxBodySize?: number;
  readonly maxHeadSize?: number;
  readonly maxFields?: number;
  readonly maxTargetSize?: number;
}

/** One rule of an RFC as bytes: what goes in, and what must come out. */
export interface Case {
  readonly name: string;
  /** The RFC and its section. */
  readonly rule: string;
  readonly steps: readonly Step[];
  readonly end: Ending;
  /** What becomes of the worker's connection; left open where the rule says nothing of it. */
  readonly upstream?: 'kept' | 'closed';
  readonly settings?: Settings;
  /** Whether the order of the field lines is of no account; `{port}` stands for the public port. */
  readonly isUnordered?: boolean;
  /** What the worker sees of the request that follows, where that is not what the client sends. */
  readonly next?: string;
}

type Rest = Partial<Pick<Case, 'upstream' | 'settings' | 'isUnordered'>>;

export const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
export const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** A head of these lines. */
export const head = (...lines: readonly string[]) => `${lines.join('\r\n')}\r\n\r\n`;
/** A GET with these field lines. */
export const get = (...lines: readonly string[]) => head('GET / HTTP/1.1', 'Host: a', ...lines);
/** The head of a POST with these field lines. */
export const post = (...lines: readonly string[]) => head('POST / HTTP/1.1', 'Host: a', ...lines);
/** A POST with a body in chunks, as they stand. */
export const chunked = (chunks: string) => `${post('Transfer-Encoding: chunked')}${chunks}`;
/** A 200 with these field lines. */
export const ok = (...lines: readonly string[]) => head('HTTP/1.1 200 OK', ...lines);

export const client = (sends: string, gives: string): Step => ({ from: 'client', sends, gives });
export const worker = (sends: string, gives = sends): Step => ({ from: 'worker', sends, gives });
export const clientEnds = (sends: string, gives: string): Step => ({ from: 'client', sends, gives, ends: true });
export const workerEnds = (sends: string, gives = sends): Step => ({ from: 'worker', sends, gives, ends: true });

/** A conversation step by step. */
export function conversation(
  name: string,
  rule: string,
  steps: readonly Step[],
  end: Ending['kind'],
  rest?: Rest,
): Case {
  return { name, rule, steps, end: { kind: end } as Ending, ...rest };
}

/** Nothing of it reaches a worker. */
export function refused(name: string, rule: string, bytes: string, status: number, rest?: Rest): Case {
  return { name, rule, steps: [client(bytes, '')], end: { kind: 'refused', status }, ...rest };
}

/** The body turns out malformed when a part of the request, `prefix` at the most, may be under way. */
export function spoiled(name: string, rule: string, bytes: string, status: number, prefix: string, rest?: Rest): Case {
  return { name, rule, steps: [client(bytes, '')], end: { kind: 'refused', status, prefix }, ...rest };
}

/** The first requests are answered, what follows them is refused. */
export function refusedBehind(
  name: string,
  rule: string,
  bytes: string,
  seen: readonly string[],
  status: number,
): Case {
  return { name, rule, steps: answered(bytes, seen), end: { kind: 'refused', status } };
}

/** Each request is seen as it stands in `seen`, and answered. */
export function forwarded(
  name: string,
  rule: string,
  bytes: string,
  seen: string | readonly string[],
  rest?: Rest,
): Case {
  return { name, rule, steps: answered(bytes, [seen].flat()), end: { kind: 'open' }, ...rest };
}

/** As `forwarded`, and the answer ends the client's connection. */
export function forwardedLast(name: string, rule: string, bytes: string, seen: string, got: string): Case {
  return { name, rule, steps: [client(bytes, seen), worker(OK, got)], end: { kind: 'closed' } };
}

function answered(bytes: string, seen: readonly string[]): readonly Step[] {
  return seen.flatMap((request, index) => [client(index === 0 ? bytes : '', request), worker(OK)]);
}

/** The worker's answer to `request` reaches the client as `got`. */
export function answer(
  name: string,
  rule: string,
  bytes: string,
  got: string,
  rest?: Rest & { request?: string },
): Case {
  const request = rest?.request ?? GET;
  return {
    name,
    rule,
    steps: [client(request, request), worker(bytes, got)],
    end: { kind: 'open' },
    upstream: 'kept',
    ...rest,
  };
}

/** The worker's answer is none: the client is told so, and the worker's connection is not used again. */
export function failed(name: string, rule: string, bytes: string, rest?: Rest & { request?: string }): Case {
  const request = rest?.request ?? GET;
  return {
    name,
    rule,
    steps: [client(request, request), worker(bytes, '')],
    end: { kind: 'failed' },
    upstream: 'closed',
    ...rest,
  };
}

/** The worker's answer turns out to be none when a part of it, `prefix` at the most, may have been passed on. */
export function broken(name: string, rule: string, bytes: string, prefix: string): Case {
  return {
    name,
    rule,
    steps: [client(GET, GET), worker(bytes, '')],
    end: { kind: 'broken', prefix },
    upstream: 'closed',
  };
}

/** The same case, but for what `change` says. */
export function but(item: Case, change: Partial<Case>): Case {
  return { ...item, ...change };
}
