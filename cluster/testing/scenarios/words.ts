// The words after a command's name. Everything is refused that is not exactly what the command takes.

import { type ScenarioCommand, ScenarioError } from './scenario-file.ts';

const NUMBER_MAX = 1_000_000_000;

export class Words {
  readonly line: number;
  readonly #plain: string[] = [];
  readonly #options = new Map<string, string>();

  constructor({ line, words }: ScenarioCommand) {
    this.line = line;
    for (const word of words.slice(1)) {
      const at = word.indexOf('=');
      if (at < 1) this.#plain.push(word);
      else if (this.#options.has(word.slice(0, at))) throw this.refusal(`"${word}" comes twice`);
      else this.#options.set(word.slice(0, at), word.slice(at + 1));
    }
  }

  get isDone(): boolean {
    return this.#plain.length === 0 && this.#options.size === 0;
  }

  refusal(what: string): ScenarioError {
    return new ScenarioError(this.line, what);
  }

  end(): void {
    const rest = [...this.#plain, ...this.#options.keys()];
    if (rest.length > 0) throw this.refusal(`"${rest[0]}" is more than the command takes`);
  }

  optionalWord(): string | undefined {
    return this.#plain.shift();
  }

  word(what: string): string {
    const word = this.optionalWord();
    if (word === undefined) throw this.refusal(`${what} is missing`);
    return word;
  }

  number(what: string): number {
    return this.#numberOf(what, this.word(what));
  }

  optionalNumber(what: string): number | undefined {
    const word = this.optionalWord();
    return word === undefined ? undefined : this.#numberOf(what, word);
  }

  option(name: string): string | undefined {
    const value = this.#options.get(name);
    this.#options.delete(name);
    return value;
  }

  numberOption(name: string): number | undefined {
    const value = this.option(name);
    return value === undefined ? undefined : this.#numberOf(name, value);
  }

  /** `3@2`: index and term. */
  placeOption(name: string): { readonly index: number; readonly term: number } | undefined {
    const value = this.option(name);
    return value === undefined ? undefined : this.placeOf(value);
  }

  placeOf(text: string): { readonly index: number; readonly term: number } {
    const [index, term, ...more] = text.split('@');
    if (index === undefined || term === undefined || more.length > 0) {
      throw this.refusal(`"${text}" is no place: write index@term, such as 3@2`);
    }
    return { index: this.#numberOf('index', index), term: this.#numberOf('term', term) };
  }

  numberList(name: string): readonly number[] {
    const value = this.option(name);
    if (value === undefined || value === '') return [];
    return value.split(',').map((number) => this.#numberOf(name, number));
  }

  /** `4,5`; empty where there is none. */
  list(name: string): readonly string[] {
    const value = this.option(name);
    return value === undefined || value === '' ? [] : value.split(',');
  }

  flag(name: string): boolean | undefined {
    const value = this.option(name);
    if (value === undefined) return undefined;
    if (value !== 'yes' && value !== 'no') throw this.refusal(`${name} is yes or no`);
    return value === 'yes';
  }

  #numberOf(what: string, word: string): number {
    const number = /^\d{1,10}$/.test(word) ? Number(word) : Number.NaN;
    if (!(number <= NUMBER_MAX)) {
      throw this.refusal(`${what} is a number from 0 to ${NUMBER_MAX}, not "${word}"`);
    }
    return number;
  }
}
