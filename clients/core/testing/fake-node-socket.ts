import { randomBytes } from 'node:crypto';
import {
  admitInput,
  type Bytes,
  type ClientFrame,
  decodeClientFrame,
  enrolmentChallenge,
  equalBytes,
  equalRefs,
  findDevice,
  inviteProofBytes,
  judgeAssertion,
  MEETING_LIFE_MS,
  peekUserStatement,
  type Ref,
  type ServerFrame,
  socketProofBytes,
  toHex,
  WIRE_VERSION,
} from '@rockpool/protocol';
import { verifyChecks } from '@rockpool/protocol/testing';
import type { Socket, SocketEvents } from '../src/ports.ts';
import {
  type ClusterSocket,
  FAKE_ORIGIN,
  FAKE_RP_ID,
  type FakeCluster,
  type FakeNode,
} from './fake-cluster.ts';

type Without<T> = T extends { readonly re: number } ? Omit<T, 're'> : never;
type Answer = Without<ServerFrame>;
const no = (code: string, more: { retryAfterMs?: number } = {}): Answer => {
  return { type: 'error', code, ...more };
};

/** The node's end of one client's socket. */
export class FakeNodeSocket implements Socket, ClusterSocket {
  readonly bufferedBytes = 0;
  readonly node: FakeNode;
  readonly owner: object;
  readonly nonce = new Uint8Array(randomBytes(32));
  readonly #cluster: FakeCluster;
  readonly #events: SocketEvents;
  user: Ref | undefined;
  device: Bytes | undefined;
  watched: readonly Ref[] = [];
  #enrolled: Ref | undefined;
  readonly #proved: Ref[] = [];
  #open = true;

  constructor(cluster: FakeCluster, node: FakeNode, events: SocketEvents, owner: object) {
    this.owner = owner;
    this.#cluster = cluster;
    this.node = node;
    this.#events = events;
  }

  greet(): void {
    if (!this.#open) return;
    this.#events.onOpen();
    const { realm, id, time, claimed, grace } = this.#cluster;
    this.push({
      type: 'hello',
      version: WIRE_VERSION,
      realm,
      cluster: id,
      node: this.node.id,
      name: this.node.name,
      nonce: this.nonce,
      time: time.nowMs(),
      nodes: this.#cluster.nodeStates(),
      stun: ['stun:127.0.0.1:3478'],
      rpId: FAKE_RP_ID,
      unclaimed: claimed ? 0 : 1,
      ...(grace === undefined ? {} : { grace: grace.untilMs }),
    });
  }

  /** The node died. */
  break(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#cluster.sockets.delete(this);
    this.#cluster.meetings.leave(this);
    this.#cluster.time.defer(() => this.#events.onClose(1006));
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#cluster.sockets.delete(this);
    this.#cluster.meetings.leave(this);
    this.#cluster.tellPresence();
  }

  send(frame: Bytes): void {
    this.#cluster.record(frame);
    this.#cluster.time.defer(() => {
      if (!this.#open) return;
      const decoded = decodeClientFrame(frame);
      if (!decoded.ok) {
        this.break();
        return;
      }
      const answer = this.#handle(decoded.value);
      this.push({ ...answer, re: decoded.value.re } as ServerFrame);
    });
  }

  push(frame: ServerFrame): void {
    const told = this.#cluster.tamper(frame, this);
    if (told === undefined) return;
    this.#cluster.time.defer(() => {
      if (this.#open) this.#events.onFrame(this.#cluster.encode(told));
    });
  }

  /** Bytes as they are, for servers that break the protocol itself. */
  pushBytes(bytes: Bytes): void {
    this.#cluster.time.defer(() => {
      if (this.#open) this.#events.onFrame(bytes);
    });
  }

  tellPresence(): void {
    for (const pool of this.watched) {
      const devices = [...this.#cluster.sockets].flatMap(({ user, device, node }) =>
        user && device && this.#cluster.isMember(pool, user)
          ? [{ user, device, node: node.name }]
          : [],
      );
      this.push({ type: 'presence', pool, devices });
    }
  }

  #handle(frame: ClientFrame): Answer {
    switch (frame.type) {
      case 'auth':
        return this.#auth(frame);
      case 'enrol':
        return this.#enrol(frame);
      case 'register':
        return this.#register(frame);
      case 'prove':
        return this.#prove(frame);
      case 'statement': {
        const by = this.user ?? this.#enrolled;
        if (by === undefined) return no('AUTH_REQUIRED');
        const { envelope } = frame;
        if (this.#cluster.grace !== undefined) return no('CHAIN_GRACE');
        const done =
          frame.chain === 'user'
            ? this.#cluster.appendUser(envelope)
            : this.#cluster.appendPool(envelope);
        return done.ok ? { type: 'ok', ...done.value } : no(done.code);
      }
      case 'offer': {
        const { grace } = this.#cluster;
        const refused = grace === undefined ? 'CHAIN_LATE' : grace.take(frame);
        if (refused === undefined) return { type: 'ok' };
        return refused === 'LIMIT_RATE' ? no(refused, { retryAfterMs: 5_000 }) : no(refused);
      }
      case 'fetch':
        return this.#mayRead(frame.chain, frame.ref)
          ? this.#page(frame.chain, frame.ref, frame.from)
          : no('CHAIN_UNKNOWN');
      case 'pools':
        return this.user === undefined
          ? no('AUTH_REQUIRED')
          : { type: 'pools', pools: this.#cluster.poolsOf(this.user) };
      case 'relays':
        return this.user === undefined
          ? no('AUTH_REQUIRED')
          : { type: 'relays', ...this.#cluster.relays() };
      case 'watch': {
        const { user } = this;
        if (user === undefined) return no('AUTH_REQUIRED');
        this.watched = frame.pools.filter((pool) => this.#cluster.isMember(pool, user));
        this.#cluster.tellPresence();
        return { type: 'ok' };
      }
      case 'signal':
        return this.#signal(frame);
      case 'rendezvous':
        if (this.device !== undefined) return no('AUTH_PROOF');
        return {
          type: 'rendezvous',
          code: this.#cluster.meetings.open(this),
          expiry: this.#cluster.time.nowMs() + MEETING_LIFE_MS,
        };
      case 'meet':
        return this.#meet(frame.code);
      case 'pass':
        return this.#cluster.meetings.pass(this, frame.body) ? { type: 'ok' } : no('LINK_ENDED');
      case 'part':
        this.#cluster.meetings.leave(this);
        return { type: 'ok' };
      case 'ping':
        return { type: 'pong' };
    }
  }

  #meet(code: string): Answer {
    const { user, device } = this;
    if (user === undefined || device === undefined) return no('AUTH_REQUIRED');
    const met = this.#cluster.meetings.meet(this, code);
    if (met !== 'met') return no(met);
    for (const socket of this.#cluster.sockets) {
      if (socket.user !== undefined && equalRefs(socket.user, user)) {
        socket.push({ type: 'meets', device });
      }
    }
    return { type: 'meeting', address: '192.0.2.7', nearby: 0 };
  }

  #auth(frame: Extract<ClientFrame, { type: 'auth' }>): Answer {
    if (this.device !== undefined) return no('AUTH_PROOF');
    const state = this.#cluster.users.get(toHex(frame.user[1]))?.states.at(-1);
    const entry = state && findDevice(state, frame.device);
    if (entry === undefined) return no('AUTH_DEVICE_UNKNOWN');
    const { realm } = this.#cluster;
    const { nonce, node } = this;
    const { device, expiry, sig: signature } = frame;
    const proof = { realm, node: node.id, origin: FAKE_ORIGIN, nonce, device, expiry };
    const message = socketProofBytes(proof);
    const point = entry.keys.sign;
    if (!verifyChecks([{ kind: 'p256', point, message, signature }])) return no('AUTH_PROOF');
    this.user = frame.user;
    this.device = device;
    return { type: 'ok' };
  }

  #enrol(frame: Extract<ClientFrame, { type: 'enrol' }>): Answer {
    const chain = this.#cluster.userByHandle(frame.handle);
    const credential = chain?.states
      .at(-1)
      ?.credentials.find(({ id }) => equalBytes(id, frame.credential));
    if (chain === undefined || credential === undefined) return no('AUTH_PASSKEY');
    const judged = judgeAssertion(credential, enrolmentChallenge(frame.certificate), frame);
    if (!judged.ok || !verifyChecks([judged.value])) return no('AUTH_PASSKEY');
    this.#enrolled = chain.ref;
    return this.#page('user', chain.ref, 0);
  }

  #register(frame: Extract<ClientFrame, { type: 'register' }>): Answer {
    const { token, admission, genesis } = frame;
    const opened = peekUserStatement(genesis);
    if (!opened.ok) return no(opened.code);
    const { statement } = opened.value;
    if (statement.kind !== 'user.genesis') return no('CHAIN_MALFORMED');
    if (token !== undefined) {
      if (this.#cluster.claimed || !equalBytes(token, this.#cluster.adminToken)) {
        return no('AUTH_ADMISSION');
      }
    } else if (admission !== undefined) {
      const pool = this.#cluster.pools.get(toHex(admission.pool[1]))?.states.at(-1);
      const known = pool?.invites.some(
        ({ key, usesLeft }) => usesLeft > 0 && equalBytes(key, admission.key),
      );
      if (known !== true) return no('AUTH_ADMISSION');
    } else return no('AUTH_ADMISSION');
    const made = this.#cluster.appendUser(genesis);
    if (!made.ok) return no(made.code);
    const state = this.#cluster.users.get(toHex(opened.value.user[1]))?.states.at(-1);
    if (admission !== undefined && state !== undefined) {
      const message = admitInput(this.#cluster.realm, state.handle);
      const { key: point, sig: signature } = admission;
      if (!verifyChecks([{ kind: 'p256', point, message, signature }])) return no('AUTH_ADMISSION');
    }
    this.#cluster.claimed = true;
    return { type: 'ok', ...made.value };
  }

  #prove(frame: Extract<ClientFrame, { type: 'prove' }>): Answer {
    const { realm } = this.#cluster;
    const { key, expiry, pool, sig: signature } = frame;
    const proof = {
      realm,
      node: this.node.id,
      origin: FAKE_ORIGIN,
      nonce: this.nonce,
      invite: key,
      expiry,
    };
    const message = inviteProofBytes(proof);
    if (!verifyChecks([{ kind: 'p256', point: key, message, signature }])) return no('AUTH_PROOF');
    this.#proved.push(pool);
    return this.#page('pool', pool, 0);
  }

  #signal(frame: Extract<ClientFrame, { type: 'signal' }>): Answer {
    const { user, device } = this;
    if (user === undefined || device === undefined) return no('AUTH_REQUIRED');
    if (!this.#cluster.isMember(frame.pool, user)) return no('SIGNAL_NOT_MEMBER');
    for (const other of this.#cluster.sockets) {
      if (other.device === undefined || !equalBytes(other.device, frame.to)) continue;
      other.push({ type: 'signal', pool: frame.pool, user, from: device, body: frame.body });
      return { type: 'ok' };
    }
    return no('SIGNAL_OFFLINE');
  }

  #mayRead(chain: 'user' | 'pool', ref: Ref): boolean {
    const { user } = this;
    if (chain === 'pool') {
      const proved = this.#proved.some((pool) => equalRefs(pool, ref));
      return proved || (user !== undefined && this.#cluster.isMember(ref, user));
    }
    const own = [user, this.#enrolled].some((mine) => mine !== undefined && equalRefs(mine, ref));
    return own || (user !== undefined && this.#cluster.share(user, ref));
  }

  #page(chain: 'user' | 'pool', ref: Ref, from: number): Answer {
    const chains = chain === 'user' ? this.#cluster.users : this.#cluster.pools;
    const kept = chains.get(toHex(ref[1]));
    if (kept === undefined) return no('CHAIN_UNKNOWN');
    // Small pages, so that reading on is tried all the time.
    const links = kept.links.slice(from, from + 2);
    const more = from + links.length < kept.links.length ? 1 : 0;
    const state = kept.states.at(-1);
    const isBehind = from >= kept.links.length && state !== undefined;
    const stands = isBehind ? { head: [state.seq, state.head] as const } : {};
    return { type: 'chain', chain, ref: kept.ref, from, links, more, ...stands };
  }
}
