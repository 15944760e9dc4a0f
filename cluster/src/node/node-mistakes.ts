// What a node may be called, and where it may be reached.

import type { InitNode } from '../options.ts';
import { parseAddress } from '../peer/peer-ports.ts';

const NAME = /^[a-z0-9-]{1,32}$/i;

/** Empty if there is nothing wrong. */
export function nodeMistakes({ name, peerAddress }: InitNode): string[] {
  const mistakes: string[] = [];
  if (!NAME.test(name)) mistakes.push(`the name ${name} has other than letters, digits, dashes`);
  if (parseAddress(peerAddress) === undefined || peerAddress.length > 255) {
    mistakes.push(`${peerAddress} is not host:port`);
  }
  return mistakes;
}
