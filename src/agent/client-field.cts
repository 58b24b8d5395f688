import { isIPv6, type Socket } from 'node:net';
import type { IncomingMessage } from 'node:http';
import { CLIENT_FIELD, NO_ADDRESS } from '../core/messages.cjs';
import { show, type End, type EndsSource, type ShownEnds } from './socket-ends.cjs';
import { inTurn, type Give } from './turn.cjs';

/**
 * Node's internals: the parser of a server's connection, which calls `onIncoming` with each request before anyone sees it.
 * It takes at most `maxHeaderPairs` lines (a name and a value are two; 0: any number) and is reset after use.
 */
interface Parser {
  onIncoming?: Give<Request> | null;
  maxHeaderPairs?: number;
}

/** Node's internals: `headers` and `headersDistinct` are made of `rawHeaders` on first use, up to the count set here. */
type Request = IncomingMessage & {
  _addHeaderLines?: (lines: string[], count: number) => void;
};

/** The ends of a connection that many clients share: those of the client whose request came last. */
class LatestClient implements EndsSource {
  /** The field's value, which is read only when somebody asks. */
  field: string | undefined;
  #read: string | undefined;
  #ends: ShownEnds;

  constructor(before: ShownEnds) {
    this.#ends = before;
  }

  get ends(): ShownEnds {
    if (this.#read !== this.field) this.#ends = endsOf(this.field!);
    this.#read = this.field;
    return this.#ends;
  }
}

/**
 * From now on, takes the client field out of each request on `socket` and shows the program that client's address.
 * @param before what the socket shows until then
 */
export function readClientField(socket: Socket, before: ShownEnds): void {
  const { parser } = socket as { parser?: Parser | null };
  const onIncoming = parser?.onIncoming;
  if (typeof onIncoming !== 'function') return;
  const maxLines = parser!.maxHeaderPairs || Infinity;
  parser!.maxHeaderPairs &&= parser!.maxHeaderPairs + 2; // the field is ours: the program's limit is for its clients
  const latest = new LatestClient(before);
  show(socket, latest);
  parser!.onIncoming = inTurn<Request>(socket, (request, keepAlive) => {
    latest.field = takeField(request, maxLines) ?? latest.field;
    return onIncoming.call(parser, request, keepAlive);
  });
}

function takeField(request: Request, maxLines: number): string | undefined {
  const lines = request.rawHeaders;
  if (lines[0] !== CLIENT_FIELD || request._addHeaderLines === undefined) return undefined;
  const others = lines.slice(2);
  if (others.length > 0) request._addHeaderLines(others, Math.min(others.length, maxLines));
  else Object.assign(request, { rawHeaders: others, headers: {}, headersDistinct: {} }); // Node ignores an empty list
  return lines[1];
}

/** The clients that asked last: each asks again and again, over connections that it shares with others. */
const known = new Map<string, ShownEnds>();
const MAX_KNOWN = 1024;

function endsOf(field: string): ShownEnds {
  const former = known.get(field);
  if (former !== undefined) return former;
  if (known.size >= MAX_KNOWN) known.clear();
  const ends = parse(field);
  known.set(field, ends);
  return ends;
}

function parse(field: string): ShownEnds {
  if (field === NO_ADDRESS) return { peer: {}, local: {} };
  const [peer = '', peerPort, local = '', localPort] = field.split(' ');
  return { peer: endOf(peer, peerPort), local: endOf(local, localPort) };
}

function endOf(address: string, port: string | undefined): End {
  return { address, family: isIPv6(address) ? 'IPv6' : 'IPv4', port: Number(port) };
}
