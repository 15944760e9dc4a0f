// Perfect negotiation over signed descriptions for one connection. All steps run one after another,
// so that no two of them see the connection half changed. Only verified bytes reach the connection.

import {
  type Bytes,
  equalBytes,
  type SignedDescription,
  sha256Bytes,
  utf8,
} from '@rockpool/protocol';
import { SeenCandidates } from '../network/seen-candidates.ts';
import type { PeerConnection } from '../ports.ts';
import type { VerifiedDescription } from './signal-proof.ts';

export interface NegotiationHost {
  /** Signs and sends; the candidates that follow belong to it. */
  sendDescription(
    role: SignedDescription['role'],
    sdp: Bytes,
    offer: Bytes | undefined,
  ): Promise<void>;
  sendCandidate(candidate: string, mid: string): void;
  /** The connection cannot go on: a foreign fingerprint, or the platform refused a step. */
  onBroken(reason: 'fingerprint' | 'platform'): void;
}

const CANDIDATES_HELD_MAX = 64;

export class Negotiation {
  /** Hashes of the first offer and answer: what the hello of both sides signs. */
  offerHash: Bytes | undefined;
  answerHash: Bytes | undefined;
  remoteFingerprint: Bytes | undefined;
  /** For telling why it failed. */
  readonly own = new SeenCandidates();
  readonly other = new SeenCandidates();
  readonly #connection: PeerConnection;
  readonly #host: NegotiationHost;
  readonly #polite: boolean;
  #localOffer: Bytes | undefined;
  #describing = false;
  #closed = false;
  #queue: Promise<void> = Promise.resolve();
  #heldOut: (readonly [candidate: string, mid: string])[] = [];
  #heldIn: (readonly [candidate: string, mid: string])[] = [];

  constructor(connection: PeerConnection, polite: boolean, host: NegotiationHost) {
    this.#connection = connection;
    this.#polite = polite;
    this.#host = host;
  }

  close(): void {
    this.#closed = true;
  }

  needed(): void {
    this.#run(async () => {
      if (this.#connection.signalingState !== 'stable') return;
      await this.#describe(undefined);
    });
  }

  localCandidate(candidate: string, mid: string): void {
    // The end of candidates is no news to the other side.
    if (candidate === '') return;
    this.own.note(candidate);
    if (!this.#describing && this.#localDescribed) this.#host.sendCandidate(candidate, mid);
    else if (this.#heldOut.length < CANDIDATES_HELD_MAX) this.#heldOut.push([candidate, mid]);
  }

  remoteCandidate(candidate: string, mid: string): void {
    this.other.note(candidate);
    this.#run(async () => {
      if (this.remoteFingerprint === undefined) {
        if (this.#heldIn.length < CANDIDATES_HELD_MAX) this.#heldIn.push([candidate, mid]);
        return;
      }
      // A candidate of an ignored offer fails here, and that is fine.
      await this.#connection.addCandidate(candidate, mid).catch(() => {});
    });
  }

  remoteDescription(verified: VerifiedDescription): void {
    this.#run(() => this.#take(verified));
  }

  async #take({ description, sdp, fingerprint }: VerifiedDescription): Promise<void> {
    if (this.remoteFingerprint !== undefined && !equalBytes(this.remoteFingerprint, fingerprint)) {
      this.#host.onBroken('fingerprint');
      return;
    }
    this.other.noteDescription(sdp);
    const hash = sha256Bytes(description.sdp);
    if (description.role === 'answer') {
      const mine = this.#localOffer;
      const fits = mine && description.offer && equalBytes(mine, description.offer);
      if (!fits || this.#connection.signalingState !== 'have-local-offer') return;
      this.remoteFingerprint = fingerprint;
      this.offerHash ??= mine;
      this.answerHash ??= hash;
      await this.#connection.setRemoteDescription('answer', sdp);
    } else {
      // The polite side takes its own offer back by setting the other one.
      if (this.#connection.signalingState !== 'stable' && !this.#polite) return;
      this.remoteFingerprint = fingerprint;
      await this.#connection.setRemoteDescription('offer', sdp);
      await this.#describe(hash);
    }
    for (const [candidate, mid] of this.#heldIn.splice(0)) {
      await this.#connection.addCandidate(candidate, mid).catch(() => {});
    }
  }

  /** Sets the local description and sends exactly its bytes; candidates wait behind it. */
  async #describe(offer: Bytes | undefined): Promise<void> {
    this.#describing = true;
    const { type, sdp } = await this.#connection.setLocalDescription();
    this.own.noteDescription(sdp);
    const bytes = utf8(sdp);
    const hash = sha256Bytes(bytes);
    if (type === 'offer') this.#localOffer = hash;
    else {
      this.offerHash ??= offer;
      this.answerHash ??= hash;
    }
    await this.#host.sendDescription(type, bytes, type === 'answer' ? offer : undefined);
    this.#describing = false;
    this.#localDescribed = true;
    for (const [candidate, mid] of this.#heldOut.splice(0)) {
      this.#host.sendCandidate(candidate, mid);
    }
  }

  #localDescribed = false;

  #run(step: () => Promise<void>): void {
    this.#queue = this.#queue.then(async () => {
      if (this.#closed) return;
      try {
        await step();
      } catch {
        if (!this.#closed) this.#host.onBroken('platform');
      }
    });
  }
}
