import { isatty } from 'node:tty';
import { styleText } from 'node:util';

const STANDARD_OUTPUT = 1;

export type Color = 'green' | 'yellow' | 'red' | 'bold' | 'dim';

/** Colours a text, or leaves it alone. */
export type Palette = (color: Color, text: string) => string;

const COLORED: Palette = (color, text) => styleText(color, text);
const PLAIN: Palette = (_, text) => text;

/** Colours on standard output, where they are wanted. */
export const palette = (): Palette => (wantsColors() ? COLORED : PLAIN);

/** Whether standard output is a terminal that shows colours, and NO_COLOR is not set (https://no-color.org). */
export function wantsColors(): boolean {
  const { NO_COLOR: none, TERM: terminal } = process.env;
  return isatty(STANDARD_OUTPUT) && (none === undefined || none === '') && terminal !== 'dumb';
}
