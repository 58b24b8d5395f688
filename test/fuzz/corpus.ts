import type { Case } from '../conformance/case.js';
import { cases as bodiless } from '../conformance/bodiless-responses.js';
import { cases as bounds } from '../conformance/bounds.js';
import { cases as chunked } from '../conformance/chunked.js';
import { cases as connection } from '../conformance/connection.js';
import { cases as expectation } from '../conformance/expect.js';
import { cases as fields } from '../conformance/fields.js';
import { cases as forwarded } from '../conformance/forwarded.js';
import { cases as framing } from '../conformance/framing.js';
import { cases as host } from '../conformance/host.js';
import { cases as http10 } from '../conformance/http-1.0.js';
import { cases as malformedResponses } from '../conformance/malformed-responses.js';
import { cases as requestLine } from '../conformance/request-line.js';
import { cases as responses } from '../conformance/responses.js';
import { cases as trailers } from '../conformance/trailers.js';
import { cases as upgrade } from '../conformance/upgrade.js';

/** Long texts are seldom interesting, and always slow. */
const LONG = 2_000;

const TABLES: readonly (readonly Case[])[] = [
  bounds,
  chunked,
  connection,
  expectation,
  fields,
  forwarded,
  framing,
  host,
  http10,
  requestLine,
  trailers,
  upgrade,
];

/** All that clients send in the conformance tables. */
export const REQUESTS = TABLES.flatMap((cases) => cases.map((item) => said(item, 'client'))).filter(isShort);

/** All that workers send in them. */
export const RESPONSES = [...TABLES.flat(), ...responses, ...bodiless, ...malformedResponses]
  .map((item) => said(item, 'worker'))
  .filter(isShort);

function said({ steps }: Case, side: 'client' | 'worker'): string {
  return steps.map(({ from, sends }) => (from === side ? sends : '')).join('');
}

function isShort(text: string): boolean {
  return text !== '' && text.length <= LONG;
}
