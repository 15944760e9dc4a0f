// Shapes: what a decoded CBOR value must look like. A shape answers undefined when the value fits,
// or says in a few words what is wrong and where. Maps are exact: a missing or an unknown field is
// refused, because a signed field that a reader ignores is a hole.

import { SLOTS } from '../limits.ts';
import { type TextRule, wrongText } from './text.ts';

/** The type parameter is a phantom: it ties a shape to the type that decoding yields. */
export interface Shape<T> {
  (value: unknown): string | undefined;
  readonly type?: T;
}

export type ShapeType<S> = S extends Shape<infer T> ? T : never;

type Fields = Readonly<Record<string, Shape<unknown>>>;
type MapType<R extends Fields, O extends Fields> = {
  readonly [K in keyof R]: ShapeType<R[K]>;
} & { readonly [K in keyof O]?: ShapeType<O[K]> };

export function bytes(length: number): Shape<Uint8Array> {
  return (value) =>
    value instanceof Uint8Array && value.length === length ? undefined : `wants ${length} bytes`;
}

export function bytesUpTo(max: number, min = 0): Shape<Uint8Array> {
  return (value) =>
    value instanceof Uint8Array && value.length >= min && value.length <= max
      ? undefined
      : `wants ${min} to ${max} bytes`;
}

export function uint(max: number = Number.MAX_SAFE_INTEGER): Shape<number> {
  return (value) =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= max
      ? undefined
      : `wants an integer from 0 to ${max}`;
}

/** One line: NFC, no control, bidirectional or invisible characters; the limit counts UTF-8 bytes. */
export function text(bytesMax: number): Shape<string> {
  return (value) => wrongTextValue(value, bytesMax, 'line');
}

/** Like text, but new lines and tabs are allowed (message bodies). */
export function lines(bytesMax: number): Shape<string> {
  return (value) => wrongTextValue(value, bytesMax, 'lines');
}

function wrongTextValue(value: unknown, bytesMax: number, rule: TextRule): string | undefined {
  if (typeof value !== 'string') return 'wants text';
  if (value.length > bytesMax || new TextEncoder().encode(value).length > bytesMax) {
    return `wants text of at most ${bytesMax} bytes`;
  }
  return wrongText(value, rule);
}

export function oneOf<const T extends string | number>(...values: readonly T[]): Shape<T> {
  return (value) => (values.includes(value as T) ? undefined : `wants one of ${values.join(', ')}`);
}

export function array<T>(item: Shape<T>, max: number, min = 0): Shape<readonly T[]> {
  return (value) => {
    if (!Array.isArray(value) || value.length < min || value.length > max) {
      return `wants ${min} to ${max} items`;
    }
    for (const [i, element] of value.entries()) {
      const wrong = item(element);
      if (wrong !== undefined) return `[${i}] ${wrong}`;
    }
    return undefined;
  };
}

export function tuple<const T extends readonly Shape<unknown>[]>(
  ...items: T
): Shape<{ readonly [I in keyof T]: ShapeType<T[I]> }> {
  return (value) => {
    if (!Array.isArray(value) || value.length !== items.length) {
      return `wants ${items.length} items`;
    }
    for (const [i, item] of items.entries()) {
      const wrong = item(value[i]);
      if (wrong !== undefined) return `[${i}] ${wrong}`;
    }
    return undefined;
  };
}

export function map<R extends Fields, O extends Fields = Record<never, never>>(
  required: R,
  optional?: O,
): Shape<MapType<R, O>> {
  const others: Fields = optional ?? {};
  const names = Object.keys(required);
  return (value) => {
    if (typeof value !== 'object' || value === null) return 'wants a map';
    if (Array.isArray(value) || value instanceof Uint8Array) return 'wants a map';
    const fields = value as Record<string, unknown>;
    for (const name of names) if (!Object.hasOwn(fields, name)) return `misses ${name}`;
    for (const name of Object.keys(fields)) {
      const shape = required[name] ?? (Object.hasOwn(others, name) ? others[name] : undefined);
      if (shape === undefined || !(Object.hasOwn(required, name) || Object.hasOwn(others, name))) {
        return 'holds an unknown field';
      }
      const wrong = shape(fields[name]);
      if (wrong !== undefined) return `${name} ${wrong}`;
    }
    return undefined;
  };
}

/** A closed union: the text field `tag` picks the shape. Unknown tags are refused. */
export function union<const M extends Readonly<Record<string, Shape<unknown>>>>(
  tag: string,
  members: M,
): Shape<{ [K in keyof M]: ShapeType<M[K]> }[keyof M]> {
  return (value) => {
    if (typeof value !== 'object' || value === null) return 'wants a map';
    const kind = Object.hasOwn(value, tag) ? (value as Record<string, unknown>)[tag] : undefined;
    if (typeof kind !== 'string' || !Object.hasOwn(members, kind)) return `has an unknown ${tag}`;
    return members[kind]?.(value);
  };
}

/** [slot, id]: every reference to a user or a pool carries its slot. */
export const refShape = tuple(uint(SLOTS - 1), bytes(32));
export type Ref = ShapeType<typeof refShape>;

/** [seq, link hash] of a chain's newest link. */
export const headShape = tuple(uint(), bytes(32));
export type Head = ShapeType<typeof headShape>;
