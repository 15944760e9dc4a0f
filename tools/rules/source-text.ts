// Separates code from comments and strings, so that a rule about code does not trip over prose. Positions
// stay: what is taken out becomes spaces. It knows templates and regular expressions well enough for
// formatted TypeScript; it is no parser.

/** Two views of a source, each as long as the source itself. */
export interface SourceViews {
  /** Comments and the contents of strings taken out. */
  readonly code: string;
  /** Comments taken out, strings kept. */
  readonly withStrings: string;
}

type Mode = 'code' | 'template';

const REGEX_MAY_FOLLOW =
  /(^|[(,=:[!&|?{};+\-*%<>~^]|\b(return|typeof|case|in|of|do|else|await|yield))\s*$/;

const STRING = {
  "'": /^'(?:\\.|[^\\\n])*?'/s,
  '"': /^"(?:\\.|[^\\\n])*?"/s,
};
const REGEX = /^\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\//;

/** Splits one source text into its views. */
export function viewsOf(source: string): SourceViews {
  const scanner = new Scanner(source);
  return scanner.run();
}

/** The 1-based line of a position. */
export function lineAt(text: string, position: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < position; at = text.indexOf('\n', at + 1)) {
    line += 1;
  }
  return line;
}

class Scanner {
  readonly #source: string;
  #at = 0;
  #code = '';
  #withStrings = '';
  // A template's `${` opens code again; braces inside it are counted to find its end.
  readonly #stack: { mode: Mode; braces: number }[] = [{ mode: 'code', braces: 0 }];

  constructor(source: string) {
    this.#source = source;
  }

  run(): SourceViews {
    while (this.#at < this.#source.length) {
      if (this.#top().mode === 'template') this.#template();
      else this.#plain();
    }
    return { code: this.#code, withStrings: this.#withStrings };
  }

  #top(): { mode: Mode; braces: number } {
    const top = this.#stack.at(-1);
    if (!top) throw new Error('the scanner left the file');
    return top;
  }

  #plain(): void {
    const rest = this.#source[this.#at] ?? '';
    const pair = this.#source.slice(this.#at, this.#at + 2);
    if (pair === '//') this.#blank(this.#until(/\n/g), false);
    else if (pair === '/*') this.#blank(this.#until(/\*\//g, 2), false);
    else if (rest === '"' || rest === "'") this.#delimited(STRING[rest]);
    else if (rest === '/' && REGEX_MAY_FOLLOW.test(this.#code.slice(-40))) this.#delimited(REGEX);
    else if (rest === '`') {
      this.#keep(1);
      this.#stack.push({ mode: 'template', braces: 0 });
    } else {
      this.#braces(rest);
      this.#keep(1);
    }
  }

  #braces(character: string): void {
    const top = this.#top();
    if (character === '{') top.braces += 1;
    if (character !== '}') return;
    if (top.braces === 0 && this.#stack.length > 1) this.#stack.pop();
    else top.braces -= 1;
  }

  #template(): void {
    const pair = this.#source.slice(this.#at, this.#at + 2);
    if (pair.startsWith('\\')) this.#blank(2, true);
    else if (pair === '${') {
      this.#keep(2);
      this.#stack.push({ mode: 'code', braces: 0 });
    } else if (pair.startsWith('`')) {
      this.#keep(1);
      this.#stack.pop();
    } else this.#blank(1, true);
  }

  /** A string or a regular expression: the marks at both ends stay, what is between them goes. */
  #delimited(pattern: RegExp): void {
    const found = pattern.exec(this.#source.slice(this.#at));
    this.#keep(1);
    // An apostrophe in JSX text has no partner on its line and stands for itself.
    if (!found) return;
    this.#blank(found[0].length - 2, true);
    this.#keep(1);
  }

  #until(end: RegExp, extra = 0): number {
    end.lastIndex = this.#at + extra;
    const found = end.exec(this.#source);
    return (found ? found.index + extra : this.#source.length) - this.#at;
  }

  #keep(count: number): void {
    const taken = this.#source.slice(this.#at, this.#at + count);
    this.#code += taken;
    this.#withStrings += taken;
    this.#at += count;
  }

  #blank(count: number, isString: boolean): void {
    const taken = this.#source.slice(this.#at, this.#at + count);
    const blanked = taken.replace(/[^\n]/g, ' ');
    this.#code += blanked;
    this.#withStrings += isString ? taken : blanked;
    this.#at += count;
  }
}
