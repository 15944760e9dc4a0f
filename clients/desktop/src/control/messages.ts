// What commands ask a running agent, and how it answers. A connection carries one request after the
// other: each is followed by any number of events, then by one outcome. While a file is offered the
// agent asks back for slices of it.

import {
  FILE_BYTES_MAX,
  FILE_NAME_BYTES_MAX,
  MEDIA_TYPE_BYTES_MAX,
  MESSAGE_TEXT_BYTES_MAX,
  POOL_NAME_BYTES_MAX,
} from '@rockpool/protocol';
import type { Failure } from '../failure.ts';
import { SLICE_BYTES_MAX } from './frames.ts';

const CONTROL_VERSION = 1;
export const CONTROL_SOCKET = 'agent.sock';
/** Files of one `send` whose delivery is waited for. */
export const DELIVERIES_MAX = 1000;

const ID_CHARACTERS_MAX = 160;
/** A name is given in full, or its beginning; an id has 64 characters. */
const CHOICE_CHARACTERS_MAX = POOL_NAME_BYTES_MAX;

export interface PoolSummary {
  readonly id: string;
  readonly name: string;
  readonly members: number;
  /** Other people in it who are online. */
  readonly online: number;
  /** Other devices in it that are online, of anybody. */
  readonly devices: number;
}

export interface PoolName {
  readonly id: string;
  readonly name: string;
}

/** A file of a pool, ready to be saved. */
export interface ReadyFile {
  readonly pool: PoolName;
  readonly entry: string;
  readonly name: string;
  readonly size: number;
  readonly from: string;
}

export type Request =
  | { readonly op: 'pools' }
  /** Measures the network and the connections. */
  | { readonly op: 'check' }
  | { readonly op: 'pool'; readonly choice: string }
  | { readonly op: 'say'; readonly pool: string; readonly text: string }
  | {
      readonly op: 'offer';
      readonly pool: string;
      readonly name: string;
      readonly size: number;
      readonly mediaType: string;
    }
  /** Until each of these files is whole on another device. */
  | { readonly op: 'delivery'; readonly pool: string; readonly entries: readonly string[] }
  /** The next file that no command has saved; `wait`: also one that nobody has offered yet. */
  | { readonly op: 'next'; readonly pool?: string; readonly wait: boolean }
  | {
      readonly op: 'slice';
      readonly pool: string;
      readonly entry: string;
      readonly offset: number;
      readonly length: number;
    }
  | { readonly op: 'saved'; readonly pool: string; readonly entry: string };

/** What the agent may be told in the middle of a request. */
export type Interjection = { readonly op: 'broken' };

export type Answer =
  | { readonly type: 'event'; readonly event: AgentProgress }
  /** A slice of the offered file is wanted. */
  | { readonly type: 'read'; readonly offset: number; readonly length: number }
  | { readonly type: 'done'; readonly value: unknown }
  | { readonly type: 'error'; readonly failure: Failure };

/** How far a file is: sent to others, or received here. */
export interface AgentProgress {
  readonly entry: string;
  readonly name: string;
  readonly size: number;
  readonly bytes: number;
  readonly bytesPerSecond: number;
  /** Other devices that hold all of it. */
  readonly devices: number;
  /** Other devices of the pool that are online. */
  readonly online: number;
}

type Fields = Readonly<Record<string, unknown>>;
type Check = (value: unknown) => boolean;

const textUpTo = (charactersMax: number) => (value: unknown) =>
  typeof value === 'string' && value.length <= charactersMax;
const count = (max: number) => (value: unknown) =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= max;
const flag = (value: unknown) => typeof value === 'boolean';
const id = textUpTo(ID_CHARACTERS_MAX);
const listOf = (check: Check, max: number) => (value: unknown) =>
  Array.isArray(value) && value.length <= max && value.every(check);

/** Fields of each request besides version and op; a `?` marks one that may be missing. */
const REQUESTS: Readonly<
  Record<Request['op'] | Interjection['op'], Readonly<Record<string, Check>>>
> = {
  pools: {},
  check: {},
  pool: { choice: textUpTo(CHOICE_CHARACTERS_MAX) },
  say: { pool: id, text: textUpTo(MESSAGE_TEXT_BYTES_MAX) },
  offer: {
    pool: id,
    name: textUpTo(FILE_NAME_BYTES_MAX),
    size: count(FILE_BYTES_MAX),
    mediaType: textUpTo(MEDIA_TYPE_BYTES_MAX),
  },
  delivery: { pool: id, entries: listOf(id, DELIVERIES_MAX) },
  next: { 'pool?': id, wait: flag },
  slice: {
    pool: id,
    entry: id,
    offset: count(FILE_BYTES_MAX),
    length: count(SLICE_BYTES_MAX),
  },
  saved: { pool: id, entry: id },
  broken: {},
};

export function requestMessage(request: Request | Interjection): unknown {
  return { v: CONTROL_VERSION, ...request };
}

export function answerMessage(answer: Answer): unknown {
  return { v: CONTROL_VERSION, ...answer };
}

/** Undefined: no request of this version. Never throws. */
export function readRequest(value: unknown): Request | Interjection | undefined {
  const fields = fieldsOf(value);
  if (fields === undefined) return undefined;
  const { v, op, ...rest } = fields;
  if (v !== CONTROL_VERSION) return undefined;
  const shape = typeof op === 'string' && Object.hasOwn(REQUESTS, op) ? op : undefined;
  if (shape === undefined || !fits(rest, REQUESTS[shape as Request['op']])) return undefined;
  return { op: shape, ...rest } as Request | Interjection;
}

/** Undefined: not of this version. Never throws. */
export function readAnswer(value: unknown): Answer | undefined {
  const fields = fieldsOf(value);
  if (fields === undefined || fields['v'] !== CONTROL_VERSION) return undefined;
  const { v: _, type, ...rest } = fields;
  const known =
    (type === 'event' && fieldsOf(rest['event']) !== undefined) ||
    (type === 'read' &&
      count(FILE_BYTES_MAX)(rest['offset']) &&
      count(SLICE_BYTES_MAX)(rest['length'])) ||
    type === 'done' ||
    (type === 'error' && isFailure(rest['failure']));
  return known ? ({ type, ...rest } as Answer) : undefined;
}

function isFailure(value: unknown): boolean {
  const failure = fieldsOf(value);
  return ['code', 'message', 'remedy'].every((name) => typeof failure?.[name] === 'string');
}

function fits(fields: Fields, shape: Readonly<Record<string, Check>>): boolean {
  const names = Object.keys(shape).map((name) => name.replace('?', ''));
  if (!Object.keys(fields).every((name) => names.includes(name))) return false;
  return Object.entries(shape).every(([name, check]) => {
    const value = fields[name.replace('?', '')];
    return name.endsWith('?') && value === undefined ? true : check(value);
  });
}

function fieldsOf(value: unknown): Fields | undefined {
  const object = typeof value === 'object' && value !== null && !Array.isArray(value);
  return object ? (value as Fields) : undefined;
}
