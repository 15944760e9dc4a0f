// All client sockets of this node: hello first, heartbeats, time limits, and the way out when the
// node drains.

import { randomBytes } from 'node:crypto';
import { type ServerFrame, WIRE_VERSION } from '@rockpool/protocol';
import type { Meetings } from '../meetings/meetings.ts';
import type { SignalingHub } from '../signaling/hub.ts';
import {
  type Route,
  Session,
  type SessionCounters,
  type SessionLog,
  type SocketPort,
} from './session.ts';

/** Sockets of one node, and of one client address at one node. */
const SOCKETS_MAX = 10_000;
const SOCKETS_PER_ADDRESS_MAX = 500;
/** How long a socket may stay open without showing a device. */
export const ANONYMOUS_LIFE_MS = 60_000;
/** A socket from which nothing came for two of these is gone. */
export const HEARTBEAT_MS = 15_000;
const SWEEP_MS = 5000;

type Hello = Extract<ServerFrame, { type: 'hello' }>;

export interface GatewayPorts {
  readonly hub: SignalingHub;
  readonly meetings: Meetings;
  readonly route: Route;
  readonly log: SessionLog;
  readonly counters: SessionCounters;
  /** Everything in hello that does not belong to one socket. */
  hello(): Promise<Omit<Hello, 'type' | 'version' | 'nonce' | 'time'>>;
  /** Names of the other nodes that are up. */
  others(): readonly string[];
  deviceActive(session: Session): Promise<boolean>;
  /** Wall clock in milliseconds. */
  nowMs(): number;
}

export class Gateway {
  readonly #ports: GatewayPorts;
  readonly #sessions = new Set<Session>();
  readonly #byAddress = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #heartbeatAtMs = 0;
  #draining = false;

  constructor(ports: GatewayPorts) {
    this.#ports = ports;
  }

  start(): void {
    this.#heartbeatAtMs = this.#ports.nowMs();
    this.#timer = setInterval(() => this.sweep(), SWEEP_MS).unref();
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** Is there room for one more socket from this address? */
  hasRoomFor(address: string): boolean {
    const own = this.#byAddress.get(address) ?? 0;
    return this.#sessions.size < SOCKETS_MAX && own < SOCKETS_PER_ADDRESS_MAX;
  }

  counts(): { readonly anonymous: number; readonly device: number } {
    let device = 0;
    for (const { state } of this.#sessions) if (state.device !== undefined) device += 1;
    return { anonymous: this.#sessions.size - device, device };
  }

  accept(socket: SocketPort, origin: string, address: string): Session {
    const { route, log, counters, nowMs } = this.#ports;
    const from = { origin, address, nonce: randomBytes(32), openedAtMs: nowMs() };
    const session = new Session(socket, from, route, log, counters);
    this.#sessions.add(session);
    this.#byAddress.set(address, (this.#byAddress.get(address) ?? 0) + 1);
    return session;
  }

  async greet(session: Session): Promise<void> {
    const shared = await this.#ports.hello();
    const { nonce } = session.from;
    const own = { version: WIRE_VERSION, nonce, time: this.#ports.nowMs() };
    session.send({ type: 'hello', ...own, ...shared });
  }

  close(session: Session): void {
    session.closed();
    if (!this.#sessions.delete(session)) return;
    const { address } = session.from;
    const left = (this.#byAddress.get(address) ?? 1) - 1;
    if (left > 0) this.#byAddress.set(address, left);
    else this.#byAddress.delete(address);
    this.#ports.meetings.leave(session);
    if (session.state.device !== undefined) this.#ports.hub.detach(session);
  }

  /** Time limits: sockets that show nothing, devices that have expired, peers that are gone. */
  sweep(): void {
    const nowMs = this.#ports.nowMs();
    const heartbeat = nowMs - this.#heartbeatAtMs >= HEARTBEAT_MS;
    if (heartbeat) this.#heartbeatAtMs = nowMs;
    for (const session of this.#sessions) {
      const { device } = session.state;
      if (device === undefined && this.#showsNothing(session, nowMs)) {
        session.end('AUTH_REQUIRED');
      } else if (device !== undefined && device.entry.expiry <= nowMs) {
        void this.#endExpired(session);
      }
      if (heartbeat) session.heartbeat();
    }
  }

  /** Tells every client where to go and closes its socket. */
  drain(): void {
    this.#draining = true;
    clearInterval(this.#timer);
    const to = this.#ports.others();
    for (const session of this.#sessions) {
      session.send({ type: 'drain', to });
      session.end('CLUSTER_DRAINING');
    }
  }

  /** A new device that waits under its code has a time limit of its own. */
  #showsNothing(session: Session, nowMs: number): boolean {
    const late = nowMs - session.from.openedAtMs > ANONYMOUS_LIFE_MS;
    return late && !this.#ports.meetings.has(session);
  }

  // The entry on the session is as old as the socket; the device may have been renewed since.
  async #endExpired(session: Session): Promise<void> {
    try {
      if (!(await this.#ports.deviceActive(session))) session.end('AUTH_DEVICE_UNKNOWN');
    } catch (error) {
      this.#ports.log.error({ err: error }, 'a device could not be looked up');
      session.end('INTERNAL');
    }
  }
}
