// Groups in which nothing happens are not ticked, and have no heartbeats of their own: their nodes watch over each other
// instead. A leader names its quiet groups to their members; whoever has all of such a group lets it rest, and says so;
// once all do, the leader lets it rest too. A group is roused here by any input, by the other node's no longer
// naming it, and by that node's silence, from which the election timeout of its followers counts.
// (What can go wrong is known from CockroachDB: an awake follower of a leader that rests, #9372 and #26257, a follower that
// was told to rest and lags, #31112, and a resting leader that does not find out that it lost its quorum, #9561.)

import type { LogPlace, QuietGroup } from '../core/types.ts';
import type { GroupMember } from './group-member.ts';
import { isSame, QuietPeer } from './quiet-peer.ts';

/** Of the shortest election timeout: so often a node gives a sign of life, where it has nothing else to say. */
const SIGN_SHARE = 0.4;

export interface QuiescenceOptions {
  readonly heartbeatTicks: number;
  readonly electionTicks: number;
  send(nodeId: string, payload: Uint8Array): void;
}

interface Rest {
  readonly member: GroupMember;
  readonly sinceTick: number;
  /** Whose signs of life it needs: on a leader those of all others, on a follower its leader's. */
  readonly needs: readonly string[];
  readonly isLed: boolean;
}

export class Quiescence {
  readonly #members: ReadonlyMap<number, GroupMember>;
  readonly #options: QuiescenceOptions;
  readonly #signTicks: number;
  readonly #silentTicksMax: number;
  readonly #awake = new Set<GroupMember>();
  readonly #resting = new Map<number, Rest>();
  /** The groups of this node that are named to others. */
  readonly #named = new Map<number, QuietGroup>();
  readonly #peers = new Map<string, QuietPeer>();
  #nowTick = 0;
  #mayLead = true;

  constructor(members: ReadonlyMap<number, GroupMember>, options: QuiescenceOptions) {
    const { heartbeatTicks, electionTicks } = options;
    this.#members = members;
    this.#options = options;
    const heartbeats = Math.floor((electionTicks * SIGN_SHARE) / heartbeatTicks);
    this.#signTicks = Math.max(heartbeats, 1) * heartbeatTicks;
    // Nobody would campaign earlier, were it awake.
    this.#silentTicksMax = Math.max(electionTicks - 1, this.#signTicks + 1);
  }

  start(): void {
    for (const member of this.#members.values()) this.#awake.add(member);
  }

  /** The members that are to be ticked. */
  get awake(): Iterable<GroupMember> {
    return this.#awake;
  }

  isResting(group: number): boolean {
    return this.#resting.has(group);
  }

  /** A leader whose word is not to be heard does not let its groups rest either. */
  mayLead(mayLead: boolean): void {
    this.#mayLead = mayLead;
    if (mayLead) return;
    for (const [group, { isLed }] of this.#resting) if (isLed) this.rouse(group);
  }

  /** Called after the members were ticked. */
  tick(): void {
    this.#nowTick += 1;
    this.#rouseUnheard();
    if (this.#nowTick % this.#options.heartbeatTicks !== 0) return;
    this.#nameQuiet();
    for (const [nodeId, peer] of this.#peers) {
      const payload = peer.toSay(this.#nowTick, this.#signTicks);
      if (payload !== undefined) this.#options.send(nodeId, payload);
    }
  }

  /** Whatever a node sends is a sign of life. */
  heard(nodeId: string): void {
    const peer = this.#peers.get(nodeId);
    if (peer !== undefined) peer.heardAtTick = this.#nowTick;
  }

  /** Something comes that the group has to heed; the silence of its leader counts until here. */
  rouse(group: number): void {
    const rest = this.#resting.get(group);
    if (rest === undefined) return;
    const { member, sinceTick, needs, isLed } = rest;
    this.#resting.delete(group);
    this.#awake.add(member);
    const silences = needs.map((nodeId) => this.#nowTick - this.#peer(nodeId).heardAtTick);
    member.raft.resume(this.#nowTick - sinceTick, Math.max(0, ...silences));
    if (isLed) this.#unname(group);
    else for (const nodeId of needs) this.#peer(nodeId).agree(group, undefined);
  }

  /** False for what cannot be read. */
  received(nodeId: string, payload: Uint8Array): boolean {
    const peer = this.#peer(nodeId);
    const isNew = peer.read(payload);
    if (isNew === undefined) return false;
    if (isNew) {
      for (const [group, place] of peer.agreed) {
        if (!isSame(peer.theirLed.get(group), place)) this.rouse(group);
      }
      this.#heed(nodeId, peer);
    }
    if (peer.agreed.size < peer.theirLed.size) this.#agree(nodeId, peer);
    return true;
  }

  /** What was on the way to or from the node may be lost. */
  lost(nodeId: string): void {
    for (const [group, { needs }] of this.#resting) if (needs.includes(nodeId)) this.rouse(group);
    for (const [group, { followers }] of this.#named) {
      if (followers.includes(nodeId)) this.#unname(group);
    }
    this.#peers.delete(nodeId);
  }

  #rouseUnheard(): void {
    for (const [nodeId, { heardAtTick }] of this.#peers) {
      if (this.#nowTick - heardAtTick < this.#silentTicksMax) continue;
      for (const [group, { needs }] of this.#resting) {
        if (needs.includes(nodeId)) this.rouse(group);
      }
    }
  }

  /** Ticks have shown which groups of this node are quiet now. */
  #nameQuiet(): void {
    for (const member of this.#awake) {
      const quiet = this.#mayLead ? member.raft.quiet : undefined;
      if (quiet === undefined) this.#unname(member.group);
      else if (!isSame(this.#named.get(member.group), quiet)) this.#name(member.group, quiet);
    }
  }

  #name(group: number, quiet: QuietGroup): void {
    this.#unname(group);
    this.#named.set(group, quiet);
    for (const nodeId of quiet.followers) this.#peer(nodeId).lead(group, quiet);
    // Alone it needs nobody's word.
    this.#restIfAllAgree(group, quiet);
  }

  #unname(group: number): void {
    const named = this.#named.get(group);
    if (named === undefined) return;
    this.#named.delete(group);
    for (const nodeId of named.followers) this.#peer(nodeId).lead(group, undefined);
  }

  /** What the other node agrees with has changed. */
  #heed(nodeId: string, peer: QuietPeer): void {
    for (const [group, quiet] of this.#named) {
      const rest = this.#resting.get(group);
      if (rest === undefined) this.#restIfAllAgree(group, quiet);
      else if (rest.needs.includes(nodeId) && !peer.agrees(group, quiet)) this.rouse(group);
    }
  }

  /** What is named may have come to life since. */
  #restIfAllAgree(group: number, quiet: QuietGroup): void {
    const member = this.#members.get(group);
    if (member === undefined || !isSame(member.raft.quiet, quiet)) return;
    const { followers } = quiet;
    if (followers.every((nodeId) => this.#agrees(nodeId, group, quiet))) {
      this.#rest(member, followers, true);
    }
  }

  #agrees(nodeId: string, group: number, place: LogPlace): boolean {
    const peer = this.#peers.get(nodeId);
    if (peer === undefined || !peer.agrees(group, place)) return false;
    return this.#nowTick - peer.heardAtTick < this.#silentTicksMax;
  }

  #agree(nodeId: string, peer: QuietPeer): void {
    for (const [group, place] of peer.theirLed) {
      const member = peer.agreed.has(group) ? undefined : this.#members.get(group);
      if (member?.raft.quiesce(nodeId, place) !== true) continue;
      this.#rest(member, [nodeId], false);
      peer.agree(group, place);
    }
  }

  #rest(member: GroupMember, needs: readonly string[], isLed: boolean): void {
    this.#awake.delete(member);
    this.#resting.set(member.group, { member, sinceTick: this.#nowTick, needs, isLed });
  }

  #peer(nodeId: string): QuietPeer {
    const known = this.#peers.get(nodeId);
    if (known !== undefined) return known;
    const peer = new QuietPeer(this.#nowTick);
    this.#peers.set(nodeId, peer);
    return peer;
  }
}
