/** What needs no quotes in a command line of a unit file. */
const PLAIN = /^[A-Za-z0-9_@+=:,./-]+$/;
const ESCAPES: Readonly<Record<string, string>> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\t': '\\t', '\r': '\\r' };

/** A command line for `ExecStart=` and its like (systemd.service(5), "Command lines"): the program is not searched for variables. */
export function commandLine([program = '', ...args]: readonly string[]): string {
  return [word(program), ...args.map((arg) => word(arg).replaceAll('$', '$$$$'))].join(' ');
}

/** An assignment for `Environment=`. */
export function assignment(name: string, value: string): string {
  return word(`${name}=${value}`);
}

/** A value that takes the rest of its line: quotes mean nothing there, but specifiers do. */
export function restOfLine(text: string): string {
  return text.replaceAll('%', '%%');
}

/** Seconds, as they are written in `TimeoutStopSec=`. */
export function seconds(ms: number): string {
  return `${Math.ceil(ms / 1_000)}s`;
}

function word(text: string): string {
  if (PLAIN.test(text)) return text;
  const escaped = text.replaceAll(/["\\\p{Cc}]/gu, (character) => ESCAPES[character] ?? hexadecimal(character));
  return `"${restOfLine(escaped)}"`;
}

const hexadecimal = (character: string) => `\\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`;
