// Two connections of the port and what passes between them, with the engine's own perfect negotiation on
// both sides. Signatures are left out: they are the engine's, and the port does not see them.

import {
  type Bytes,
  fromHex,
  type SignedDescription,
  sdpFingerprint,
  toHex,
  utf8,
} from '@rockpool/protocol';
import { Negotiation } from '../../src/mesh/negotiation.ts';
import { openConnection } from '../../src/paths/hidden-address.ts';
import type {
  Channel,
  ChannelEvents,
  IcePaths,
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
  /** Bytes that had not gone out when it told last that little is left. */
  leftWhenDrained = Number.POSITIVE_INFINITY;
  readonly #watchers = new Set<() => void>();
  isOpen = false;

  readonly events: ChannelEvents = {
    onOpen: () => this.#told(() => (this.isOpen = true)),
    onMessage: (frame) => this.#told(() => this.received.push(frame)),
    onClose: () => this.#told(() => (this.closed = true)),
    onDrained: () => this.#told(() => (this.leftWhenDrained = this.channel?.bufferedBytes ?? 0)),
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

/** What one side says to the other, as text, so that it can pass between a page and Node. */
export type SideSignal =
  | {
      readonly type: 'description';
      readonly role: SignedDescription['role'];
      readonly sdp: string;
      /** Hash of the offer that an answer belongs to, in hex. */
      readonly offer?: string;
    }
  | { readonly type: 'candidate'; readonly candidate: string; readonly mid: string };

/** One side: its connection, and its lines by their label. */
const NO_SERVERS: IcePaths = { stun: [], turn: undefined, relayOnly: false };

export class Side {
  readonly connection: PeerConnection;
  readonly lines = new Map<string, Line>();
  /** The last description it made. */
  sdp: string | undefined;
  broken: string | undefined;
  readonly #negotiation: Negotiation;
  readonly #states = new Set<string>();
  readonly #watchers = new Set<() => void>();
  /** Brings what this side says to the other. */
  say: (signal: SideSignal) => void = () => {};

  constructor(
    port: PeerConnectionPort,
    polite: boolean,
    tap: Partial<PeerConnectionEvents> = {},
    paths: IcePaths = NO_SERVERS,
  ) {
    this.connection = openConnection(port, paths, {
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
        const described = { type: 'description', role, sdp: this.sdp } as const;
        this.say(offer === undefined ? described : { ...described, offer: toHex(offer) });
      },
      sendCandidate: (candidate, mid) => this.say({ type: 'candidate', candidate, mid }),
      onBroken: (reason) => {
        this.broken = reason;
        for (const look of this.#watchers) look();
      },
    });
  }

  /** From now on what one of them says reaches the other. */
  meet(other: Side): void {
    this.say = (signal) => other.take(signal);
    other.say = (signal) => this.take(signal);
  }

  take(signal: SideSignal): void {
    if (signal.type === 'candidate') {
      this.#negotiation.remoteCandidate(signal.candidate, signal.mid);
      return;
    }
    const { role, sdp, offer } = signal;
    const fingerprint = sdpFingerprint(sdp);
    if (!fingerprint.ok) throw new Error('a description without a fingerprint');
    const unsigned = { role, sdp: utf8(sdp), ...(offer && { offer: fromHex(offer) }) };
    const description = unsigned as SignedDescription;
    this.#negotiation.remoteDescription({ description, sdp, fingerprint: fingerprint.value });
  }

  /** Resolves once the connection has been in this state. */
  state(wanted: string): Promise<void> {
    return this.#until(wanted, () => this.#states.has(wanted));
  }

  /** Resolves once the platform refused a step. */
  untilBroken(): Promise<void> {
    return this.#until('broken', () => this.broken !== undefined);
  }

  #until(what: string, holds: () => boolean): Promise<void> {
    return soon(
      what,
      new Promise((resolve) => {
        const look = () => {
          if (holds()) resolve();
        };
        this.#watchers.add(look);
        look();
      }),
    );
  }

  create(label: string, sent?: 'once'): Line {
    const line = this.line(label);
    line.channel = this.connection.createChannel(label, line.events, sent);
    return line;
  }

  line(label: string): Line {
    const line = this.lines.get(label) ?? new Line();
    this.lines.set(label, line);
    return line;
  }
}

function textOf(sdp: Bytes): string {
  return new TextDecoder().decode(sdp);
}
