// What the words of a device that hides its address say of it all the same.

import { networkInterfaces } from 'node:os';

const NAME = /[0-9a-f-]{36}\.local/i;

/** Of descriptions and candidates: every address but a relay's, and every name of this machine. */
export function revealedBy(said: readonly string[]): readonly string[] {
  const text = said.join('\n');
  const found = ownAddresses().filter((address) => text.includes(address));
  if (NAME.test(text)) found.push('an mDNS name');
  for (const [line, type] of text.matchAll(/candidate:.* typ (\w+).*/g)) {
    if (type !== 'relay' || !/ raddr 0\.0\.0\.0 rport 0/.test(line)) found.push(line);
  }
  for (const [line] of text.matchAll(/^(?:o|c)=.*$/gm)) {
    if (!/[ =]IN IP4 0\.0\.0\.0\r?$/.test(line)) found.push(line);
  }
  return found;
}

/** Every address of this machine that somebody else could use to find it. */
function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return all.filter(({ internal }) => !internal).map(({ address }) => address.split('%')[0] ?? '');
}
