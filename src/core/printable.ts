/** Text of a stranger's that gives no orders to a terminal: control characters of both sets (ECMA-48) are written down as in JSON. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (control) => {
    const code = control.charCodeAt(0).toString(16);
    return `\\u${code.padStart(4, '0')}`;
  });
}
