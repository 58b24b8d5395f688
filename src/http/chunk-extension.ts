import { CR, FIELD_VALUE, TOKEN } from './characters.js';

const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** How far the extensions of one chunk have been read; `start` is behind a semicolon, `ended` behind the CR. */
export const Extension = {
  start: 0,
  name: 1,
  valueStart: 2,
  value: 3,
  quoted: 4,
  quotedPair: 5,
  quotedEnd: 6,
  ended: 7,
  malformed: 8,
} as const;
export type Extension = (typeof Extension)[keyof typeof Extension];

/**
 * What the next byte makes of it (RFC 9112 7.1.1). The blanks that the grammar has between its parts are there only for bad
 * senders of old; Node's parser refuses them, and so do we.
 */
export function afterExtensionByte(extension: Extension, byte: number): Extension {
  switch (extension) {
    case Extension.start:
      return TOKEN[byte] === 1 ? Extension.name : Extension.malformed;
    case Extension.name:
      if (TOKEN[byte] === 1) return Extension.name;
      return byte === EQUALS ? Extension.valueStart : afterPart(byte);
    case Extension.valueStart:
      if (byte === QUOTE) return Extension.quoted;
      return TOKEN[byte] === 1 ? Extension.value : Extension.malformed;
    case Extension.value:
      return TOKEN[byte] === 1 ? Extension.value : afterPart(byte);
    case Extension.quoted:
      if (byte === QUOTE) return Extension.quotedEnd;
      if (byte === BACKSLASH) return Extension.quotedPair;
      return FIELD_VALUE[byte] === 1 ? Extension.quoted : Extension.malformed;
    case Extension.quotedPair:
      return FIELD_VALUE[byte] === 1 ? Extension.quoted : Extension.malformed;
    default:
      return afterPart(byte);
  }
}

/** Behind a whole extension comes another, or the end of the line. */
function afterPart(byte: number): Extension {
  if (byte === SEMICOLON) return Extension.start;
  return byte === CR ? Extension.ended : Extension.malformed;
}
