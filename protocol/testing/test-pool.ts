// A pool for tests: a pool chain that grows, over test people's chains.

import { randomBytes } from 'node:crypto';
import {
  type Bytes,
  EXPIRY_MARGIN_MS,
  encodeCbor,
  encodeEnvelope,
  equalHeads,
  equalRefs,
  type Head,
  INVITE_LIFE_MAX_MS,
  judgePool,
  linkHash,
  type PoolRole,
  type PoolState,
  type Ref,
  replayUser,
  type StoredLink,
  signInput,
  type UserState,
} from '../src/index.ts';
import { createTestKey, type TestDevice, type TestKey } from './test-device.ts';
import { deviceSignature, type TestPerson } from './test-person.ts';
import { verifyChecks } from './verify-checks.ts';

export interface TestInvite {
  readonly envelope: Bytes;
  /** Link hash, once appended or not. */
  readonly hash: Bytes;
  readonly key: TestKey;
}

export interface InviteOptions {
  readonly role?: PoolRole;
  readonly expiry?: number;
  readonly key?: TestKey;
  readonly device?: TestDevice;
}

export interface TestPool {
  readonly ref: Ref;
  readonly genesis: Bytes;
  readonly links: readonly StoredLink[];
  readonly state: PoolState;
  readonly head: Head;
  /** An envelope by this person after the newest link. Does not append it. */
  invite(by: TestPerson, options?: InviteOptions): TestInvite;
  join(by: TestPerson, invite: TestInvite, device?: TestDevice): Bytes;
  /** Judges, verifies and appends; throws if the envelope is refused. */
  append(envelope: Bytes, author: TestPerson, timeMs?: number): void;
  /** Invites and joins in one go. */
  admit(person: TestPerson, by: TestPerson): void;
}

export interface TestPoolOptions {
  readonly nowMs?: number;
  readonly device?: TestDevice;
}

/** The person's state at exactly this head, replayed. */
export function stateAt(person: TestPerson, head: Head): UserState | undefined {
  const replayed = replayUser(person.links);
  if (!replayed.ok) return undefined;
  return replayed.value.states.find((state) => equalHeads([state.seq, state.head], head));
}

/** For replayPool: looks authors up among these people. */
export function authorsAmong(...people: readonly TestPerson[]) {
  return (user: Ref, head: Head): UserState | undefined => {
    const person = people.find(({ ref }) => equalRefs(ref, user));
    return person === undefined ? undefined : stateAt(person, head);
  };
}

export function createTestPool(owner: TestPerson, options: TestPoolOptions = {}): TestPool {
  const { nowMs = Date.now(), device: first = owner.device } = options;
  const salt = new Uint8Array(randomBytes(16));
  const genesisLink = encodeCbor({ v: 1, kind: 'pool.genesis', salt, author: owner.author(first) });
  const genesis = encodeEnvelope({
    v: 1,
    link: genesisLink,
    sigs: [deviceSignature(first, genesisLink)],
  });
  const links: StoredLink[] = [];
  let state: PoolState | undefined;
  const append = (envelope: Bytes, author: TestPerson, timeMs = nowMs) => {
    const judged = judgePool(state, envelope, timeMs, author.state);
    if (!judged.ok) throw new Error(`${judged.code}: ${judged.detail}`);
    if (!verifyChecks(judged.value.checks)) throw new Error('a signature does not hold');
    state = judged.value.state;
    links.push({ envelope, time: timeMs });
  };
  append(genesis, owner);
  const current = (): PoolState => {
    if (state === undefined) throw new Error('no genesis');
    return state;
  };
  const place = () => ({
    v: 1,
    pool: current().ref,
    seq: current().seq + 1,
    prev: current().head,
    time: nowMs,
  });
  const pool: TestPool = {
    ref: current().ref,
    genesis,
    links,
    append,
    get state() {
      return current();
    },
    get head(): Head {
      return [current().seq, current().head];
    },
    invite: (by, { role = 'member', key = createTestKey(), device = by.device, expiry } = {}) => {
      const link = encodeCbor({
        ...place(),
        kind: 'pool.invite',
        author: by.author(device),
        key: key.point,
        role,
        uses: 1,
        expiry: expiry ?? nowMs + INVITE_LIFE_MAX_MS - EXPIRY_MARGIN_MS,
        approval: 0,
      });
      const envelope = encodeEnvelope({ v: 1, link, sigs: [deviceSignature(device, link)] });
      return { envelope, hash: linkHash(link), key };
    },
    join: (by, invite, device = by.device) => {
      const link = encodeCbor({
        ...place(),
        kind: 'pool.join',
        author: by.author(device),
        invite: invite.hash,
      });
      const inviteSig = invite.key.sign(signInput('stmt', link));
      const sigs = [{ by: 'invite', sig: inviteSig } as const, deviceSignature(device, link)];
      return encodeEnvelope({ v: 1, link, sigs });
    },
    admit: (person, by) => {
      const invite = pool.invite(by);
      append(invite.envelope, by);
      append(pool.join(person, invite), person);
    },
  };
  return pool;
}
