// What operators' commands ask a running node over its Unix socket: one JSON line each way.

import type { ClusterStatus } from '@rockpool/cluster';
import type { GraceStatus } from '../grace/grace-status.ts';
import type { StunStatus } from '../observability/stun-status.ts';

export const CONTROL_LINE_BYTES_MAX = 64 * 1024;
export const CONTROL_SOCKET = 'control.sock';

export type ControlRequest =
  | { readonly op: 'status' | 'invite-first-admin' | 'backup' }
  | { readonly op: 'end-grace' | 'branches' }
  /** The beginning of the hash of the newest link of a branch. */
  | { readonly op: 'take-branch'; readonly tip: string }
  /** Where the new machine reaches this node; empty: where its peers do. */
  | { readonly op: 'token'; readonly address: string }
  /** Nodes by name or id. */
  | { readonly op: 'remove'; readonly node: string }
  | { readonly op: 'replace'; readonly former: string; readonly node: string };

/** What each is called with; every field is text. */
const FIELDS = {
  status: [],
  'invite-first-admin': [],
  backup: [],
  'end-grace': [],
  branches: [],
  'take-branch': ['tip'],
  token: ['address'],
  remove: ['node'],
  replace: ['former', 'node'],
} as const satisfies Readonly<Record<ControlRequest['op'], readonly string[]>>;

export interface NodeStatus {
  readonly ready: boolean;
  readonly pid: number;
  /** True until the first administrator has claimed this place. */
  readonly unclaimed: boolean;
  readonly sockets: { readonly anonymous: number; readonly device: number };
  /** Missing where this node answers no STUN. */
  readonly stun?: StunStatus;
  readonly cluster: ClusterStatus;
  /** After a restore or recovery, while there is something to tell. */
  readonly grace?: GraceStatus;
}

/** A chain that goes on when a person has chosen one of its branches. */
export interface UndecidedChain {
  readonly chain: 'user' | 'pool';
  readonly id: string;
  readonly branches: readonly {
    /** Hash of the newest link. */
    readonly tip: string;
    readonly links: number;
    readonly newestMs: number;
    /** Of the newest link: a device's or passkey's id. */
    readonly signer: string;
  }[];
}

export interface BranchesAnswer {
  readonly undecided: readonly UndecidedChain[];
  /** Chains that are not named here. */
  readonly more: number;
  /** Kept as evidence of branches that were not chosen. */
  readonly overruled: { readonly links: number; readonly chains: number };
}

export interface InviteAnswer {
  /** The whole secret: shown to the operator, stored nowhere. */
  readonly link: string;
  readonly expiresAtMs: number;
}

export interface TokenAnswer {
  /** A secret: shown to the operator, stored nowhere. */
  readonly token: string;
  readonly address: string;
  readonly expiresAtMs: number;
}

/** The node that is on its way out, and that the cluster has agreed on it. */
export interface DepartureAnswer {
  readonly id: string;
  readonly name: string;
}

export type ControlAnswer =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly code: string; readonly detail: string };

/** An answer, and after its line so many bytes as there are: a connection that breaks ends them too early. */
export interface ControlStream {
  readonly answer: ControlAnswer;
  readonly bytes: AsyncIterable<Uint8Array>;
}

/** Undefined for anything else. Never throws. */
export function readControlRequest(line: string): ControlRequest | undefined {
  const value = parseObject(line);
  const op = value?.['op'];
  if (value === undefined || typeof op !== 'string' || !isOperation(op)) return undefined;
  const fields = FIELDS[op];
  if (Object.keys(value).length !== fields.length + 1) return undefined;
  const isWhole = fields.every((field) => typeof value[field] === 'string');
  return isWhole ? (value as unknown as ControlRequest) : undefined;
}

function isOperation(op: string): op is ControlRequest['op'] {
  return Object.hasOwn(FIELDS, op);
}

/** Undefined for anything else. Never throws. */
export function readControlAnswer(line: string): ControlAnswer | undefined {
  const value = parseObject(line);
  if (value?.['ok'] === true) return { ok: true, value: value['value'] };
  const { code, detail } = value ?? {};
  if (value?.['ok'] !== false || typeof code !== 'string' || typeof detail !== 'string') {
    return undefined;
  }
  return { ok: false, code, detail };
}

function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const object = typeof value === 'object' && value !== null && !Array.isArray(value);
    return object ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
