/** A unit file as systemd reads it: its settings by name, in the order of the file; comments are left out. */
export class UnitFile {
  readonly #settings: readonly (readonly [string, string])[];

  constructor(text: string) {
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#') && !line.startsWith('['));
    this.#settings = lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]);
  }

  all(name: string): readonly string[] {
    return this.#settings.filter(([key]) => key === name).map(([, value]) => value);
  }

  /** The only one of that name. */
  one(name: string): string {
    const [value, ...others] = this.all(name);
    if (value === undefined || others.length > 0) throw new Error(`Wanted one ${name}=, met ${this.all(name).length}`);
    return value;
  }

  /** In seconds. */
  time(name: string): number {
    const [, digits] = /^(\d+)s$/.exec(this.one(name)) ?? [];
    return Number(digits);
  }

  /** The words of a command line (systemd.service(5), "Command lines"): quotes, escapes, specifiers, variables. */
  words(name: string): readonly string[] {
    const raw = this.one(name).match(/"(?:[^"\\]|\\.)*"|[^\s"]+/g) ?? [];
    return raw.map((word) => (word.startsWith('"') ? unescaped(word.slice(1, -1)) : word)).map(expanded);
  }
}

const CHARACTERS: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '"': '"', '\\': '\\' };

function unescaped(text: string): string {
  return text.replaceAll(/\\(?:u([0-9a-f]{4})|(.))/g, (_, code: string | undefined, letter: string) =>
    code === undefined ? CHARACTERS[letter]! : String.fromCodePoint(Number.parseInt(code, 16)),
  );
}

/** What is no doubled sign would be a specifier, or a variable (but not in the program, which comes first). */
function expanded(word: string, index: number): string {
  const text = halved(word, '%');
  return index === 0 ? text : halved(text, '$');
}

function halved(text: string, sign: string): string {
  const parts = text.split(sign + sign);
  if (parts.some((part) => part.includes(sign))) throw new Error(`Met ${text}, wanted every ${sign} twice`);
  return parts.join(sign);
}
