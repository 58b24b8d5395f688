import { byDefault, options } from '../../src/core/config.js';
import { FIXED_KEYS } from '../../src/instance/fixed-keys.js';

const kebab = (key: string) => key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const cell = (text: string) => text.replaceAll('|', String.raw`\|`);

/** The options' page of the docs, made of the schema. */
export function optionsPage(): string {
  const rows = [...options].map(([key, { alias, argument, description }]) => [
    `${alias === undefined ? '' : `\`-${alias}\`, `}\`--${kebab(key)}${argument === undefined ? '' : ` ${cell(argument)}`}\``,
    `\`${key}\``,
    cell(byDefault(key)),
    FIXED_KEYS.some((fixed) => fixed === key) ? 'no' : 'yes',
    cell(description),
  ]);
  const header = ['option', 'in the file', 'default', 'live', 'meaning'];
  const table = [header, header.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
  return `${HEAD}\n${table}\n`;
}

const HEAD = `# All options

This page is made of the schema by which zdlb reads its options, as are \`zdlb --help\` and \`config.schema.json\`. What they mean in
practice is told by question, see [the list](../README.md#read-on). Each can be set in the environment, too: \`ZDLB_\` and its name in
capitals (\`ZDLB_DRAIN_TIMEOUT=1m\`). "Live" ones may change while zdlb runs: edit the file, and send SIGHUP.

\`zdlb --help\` prints them.
`;
