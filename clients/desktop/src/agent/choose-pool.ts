// Which pool is meant by what a person typed: its name, or the beginning of its name or id.

import type { Id } from '@rockpool/client-core';
import { AgentError } from '../agent-errors.ts';

const CANDIDATES_MAX = 10;
const ID_CHARACTERS_SHOWN = 8;

interface Choosable {
  readonly id: Id;
  readonly name: string;
}

/** Throws POOL_UNKNOWN or POOL_AMBIGUOUS, with the pools that could be named. */
export function choosePool<P extends Choosable>(pools: readonly P[], choice: string): P {
  const wanted = folded(choice);
  const named = pools.filter(({ name }) => folded(name) === wanted);
  const begun = pools.filter(({ id, name }) => {
    return wanted !== '' && (folded(name).startsWith(wanted) || id.startsWith(wanted));
  });
  const found = named.length > 0 ? named : begun;
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  if (found.length === 0) {
    const choices = pools.length === 0 ? 'you are in none yet' : `there is ${list(pools)}`;
    throw new AgentError('POOL_UNKNOWN', `"${choice}": ${choices}.`);
  }
  throw new AgentError('POOL_AMBIGUOUS', `"${choice}": ${list(found)}.`);
}

/** As it is listed for people: enough of the id to name it by. */
export function shortId(id: Id): string {
  return id.slice(0, ID_CHARACTERS_SHOWN);
}

function folded(text: string): string {
  return text.normalize('NFC').trim().toLocaleLowerCase('en');
}

function list(pools: readonly Choosable[]): string {
  const shown = pools.slice(0, CANDIDATES_MAX).map(({ id, name }) => `${name} (${shortId(id)})`);
  const more = pools.length - shown.length;
  return shown.join(', ') + (more > 0 ? ` and ${more} more` : '');
}
