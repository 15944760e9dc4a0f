// Two connections of the port and what passes between them, with the engine's own perfect negotiation on
// both sides. Signatures are left out: they are the engine's, and the port does not see them.

import { type Bytes, type SignedDescription, sdpFingerprint } from '@rockpool/protocol';
import { Negotiation } from '../../src/mesh/negotiation.ts';
import type {
  Channel,
  ChannelEvents,
  PeerConnection,
  PeerConnectionEvents,
  PeerConnectionPort,
} from '../../src/ports.ts';
import { soon } from './suite-test.ts';

/** A channel of one side, and everything that it told. */
export class Line {
  channel: Channel | undefined;
  readonly received: Bytes[] = [];
  closed = false;
  drained = 0;
  readonly #watchers = new Set<() => void>();
  isOpen = false;

  readonly events: ChannelEvents = {
    onOpen: () => this.#told(() => (this.isOpen = true)),
    onMessage: (frame) => this.#told(() => this.received.push(frame)),
    onClose: () => this.#told(() => (this.closed = true)),
    onDrained: () => this.#told(() => this.drained++),
  };

  /** Resolves once it holds; asked again at every event. */
  until(what: string, holds: () => boolean): Promise<void> {
    return soon(
      what,
      new Promise((resolve) => {
        const look = () => {
          if (!holds()) return;
          this.#watchers.delete(look);
          resolve();
        };
        this.#watchers.add(look);
        look();
      }),
    );
  }

  #told(note: () => unknown): void {
    note();
    for (const look of this.#watchers) look();
  }
}

/** One side: its connection, and its lines by their label. */
export class Side {
  readonly connection: PeerConnection;
  readonly lines = new Map<string, Line>();
  readonly candidates: (readonly [candidate: string, mid: string])[] = [];
  /** The last description it made. */
  sdp: string | undefined;
  broken: string | undefined;
  readonly #negotiation: Negotiation;
  readonly #states = new Set<string>();
  readonly #watchers = new Set<() => void>();
  #other: Side | undefined;

  constructor(port: PeerConnectionPort, polite: boolean, tap: Partial<PeerConnectionEvents> = {}) {
    this.connection = port.create([], {
      onNegotiationNeeded: () => {
        tap.onNegotiationNeeded?.();
        this.#negotiation.needed();
      },
      onCandidate: (candidate, mid) => this.#negotiation.localCandidate(candidate, mid),
      onChannel: (channel, listen) => {
        const line = this.line(channel.label);
        line.channel = channel;
        listen(line.events);
      },
      onState: (state) => {
        this.#states.add(state);
        tap.onState?.(state);
        for (const look of this.#watchers) look();
      },
    });
    this.#negotiation = new Negotiation(this.connection, polite, {
      sendDescription: async (role, sdp, offer) => {
        this.sdp = textOf(sdp);
        if (this.#other !== undefined) this.#other.#take(role, sdp, offer);
      },
      sendCandidate: (candidate, mid) => {
        this.candidates.push([candidate, mid]);
        if (this.#other !== undefined) this.#other.#negotiation.remoteCandidate(candidate, mid);
      },
      onBroken: (reason) => {
        this.broken = reason;
      },
    });
  }

  /** From now on what one of them says reaches the other. */
  meet(other: Side): void {
    this.#other = other;
    other.#other = this;
  }

  /** Resolves once the connection has been in this state. */
  state(wanted: string): Promise<void> {
    return soon(
      wanted,
      new Promise((resolve) => {
        const look = () => {
          if (this.#states.has(wanted)) resolve();
        };
        this.#watchers.add(look);
        look();
      }),
    );
  }

  create(label: string): Line {
    const line = this.line(label);
    line.channel = this.connection.createChannel(label, line.events);
    return line;
  }

  line(label: string): Line {
    const line = this.lines.get(label) ?? new Line();
    this.lines.set(label, line);
    return line;
  }

  #take(role: SignedDescription['role'], sdp: Bytes, offer: Bytes | undefined): void {
    const text = textOf(sdp);
    const fingerprint = sdpFingerprint(text);
    if (!fingerprint.ok) throw new Error('a description without a fingerprint');
    const description = { role, sdp, ...(offer && { offer }) } as SignedDescription;
    this.#negotiation.remoteDescription({ description, sdp: text, fingerprint: fingerprint.value });
  }
}

function textOf(sdp: Bytes): string {
  return new TextDecoder().decode(sdp);
}
