// How a device shows itself on a socket, and what it does where servers that came back from an older state do not know it.

import {
  type Bytes,
  ERRORS,
  encodeCbor,
  type Ref,
  type Refusal,
  type ServerHello,
  SOCKET_PROOF_LIFE_MAX_MS,
  signInput,
} from '@rockpool/protocol';
import type { Ask } from '../chains/fetch-links.ts';
import type { Answer, Link } from './link.ts';

/** The device that authenticates each socket. */
export interface SessionDevice {
  readonly realm: Bytes;
  readonly user: Ref;
  readonly device: Bytes;
  sign(message: Bytes): Promise<Bytes>;
}

interface Showing {
  readonly origin: string;
  /** Gives the servers what they lack through this link; not asked where nobody needs to be let in now. */
  readonly bringBack: ((ask: Ask) => Promise<void>) | undefined;
}

export async function showDevice(
  link: Link,
  hello: ServerHello,
  { user, device, sign }: SessionDevice,
  { origin, bringBack }: Showing,
): Promise<Answer> {
  const { realm, node, nonce, time } = hello;
  const expiry = time + SOCKET_PROOF_LIFE_MAX_MS / 2;
  const proof = { realm, node, origin, nonce, device, expiry };
  const sig = await sign(signInput('ws', encodeCbor(proof)));
  const request = { type: 'auth', user, device, expiry, sig } as const;
  const answer = await link.request(request);
  if (bringBack === undefined || answer === 'closed' || !isForgotten(answer, hello)) return answer;
  await bringBack(async (asked) => {
    const told = await link.request(asked);
    return told === 'closed' ? 'offline' : told;
  });
  return link.request(request);
}

/** By servers that may have lost it. */
function isForgotten(answer: Exclude<Answer, 'closed'>, { grace }: ServerHello): boolean {
  return grace !== undefined && !answer.ok && answer.code === 'AUTH_DEVICE_UNKNOWN';
}

/** Why the servers do not let this device in. */
export function refusedWords(refusal: Refusal, hello: ServerHello): string {
  return isForgotten(refusal, hello)
    ? 'The servers came back from an older state without this device. It has given them what they lack, and gets in again by itself.'
    : ERRORS[refusal.code].message;
}
