// What a person is told about the devices of their own account.

import { type Bytes, type DeviceKind, equalBytes, peekUserStatement } from '@rockpool/protocol';
import type { UserChain } from '../chains/held-chain.ts';

export const MEETS_ELSEWHERE = 'Another of your devices is adding a new device to your account.';

const KINDS: Readonly<Record<DeviceKind, string>> = {
  browser: 'a browser',
  desktop: 'a computer',
  phone: 'a phone',
  anchor: 'an always-on device',
};

/** One sentence for each device that links from `from` on have added, this one's own doing aside. */
export function newsOfDevices(chain: UserChain, from: number, self: Bytes): readonly string[] {
  return chain.links.slice(from).flatMap(({ envelope: bytes }) => {
    const peeked = peekUserStatement(bytes);
    if (!peeked.ok || peeked.value.statement.kind !== 'device.add') return [];
    const { statement, envelope } = peeked.value;
    const own = envelope.sigs.some((sig) => sig.by === 'device' && equalBytes(sig.device, self));
    return own ? [] : [`${KINDS[statement.device.kind]} was added to your account.`].map(capital);
  });
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
