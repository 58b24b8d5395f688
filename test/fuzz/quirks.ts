/** Where Node's parser refuses what RFC 9110 and 9112 allow, so that nothing follows from its refusal. */
const QUIRKS: readonly RegExp[] = [
  // RFC 9110 5.6.3: OWS behind a value is blanks and tabs; behind the digits of a length llhttp takes blanks alone.
  /content-length:[ \t]*\d+[ \t]*\t[ \t]*\r\n/i,
  // The same behind chunked.
  /transfer-encoding:[ \t]*chunked[ \t]*\t[ \t]*\r\n/i,
  // RFC 9110 6.5.1: a trailer that frames is ignored, as any that is not understood there; llhttp refuses it, or ends with it.
  /\n0+(?:;[^\n]*)?\r\n(?:[^\r\n]+\r\n)*?(?:content-length|transfer-encoding|connection):/i,
  // RFC 9110 7.6.1 has no Proxy-Connection; llhttp reads nothing behind a request with one that says close.
  /\nproxy-connection:[^\n]*close/i,
  // RFC 9112 9.6: close is said of the connection behind the final response; llhttp reads none behind an interim one.
  /^HTTP\/1\.1 1\d\d[^]*?\nconnection:[^\n]*close/i,
  // RFC 9110 15.2: HTTP/1.0 has no interim responses; llhttp reads none behind one, since its connection does not stay.
  /^(?:HTTP\/1\.1 1\d\d[^]*)?HTTP\/1\.0 1\d\d/,
  // RFC 9110 7.8 lets a server ignore an upgrade; what comes along with one that it ignores, Node loses.
  /\nupgrade:/i,
];

export function isQuirk(text: string): boolean {
  return QUIRKS.some((quirk) => quirk.test(text));
}
