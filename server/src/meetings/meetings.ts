// Where a new device and a device of the account meet: the new one waits at its node under a code, the
// other one comes with that code to any node, and from then on each says things to the other and
// to nobody else. All of it in memory and for minutes; what is said is judged by the devices alone.

import {
  accept,
  type Bytes,
  codeCharOfNode,
  encodeCbor,
  MEETING_LIFE_MS,
  meetingCode,
  type Result,
  refuse,
  type ServerFrame,
  toHex,
} from '@rockpool/protocol';
import { bytesOf } from '../node-states.ts';
import { encodeNodeMessage, type MeetingMessage } from '../signaling/node-messages.ts';

/** Codes that may be open at one node, and of one client address there. */
export const CODES_MAX = 1000;
export const CODES_PER_ADDRESS_MAX = 100;
/** The devices end a meeting in time themselves; the node only clears up. */
const MEETING_GRACE_MS = 10_000;
/** How long another node may take to say whether a code is open there. */
export const MEET_TIMEOUT_MS = 2000;
/** A connection between nodes that broke is back within seconds; what is said meanwhile waits, as long as clients wait for an answer. */
export const PASS_AGAIN_MS = 250;
export const PASS_TRIES_MAX = 20;
const CODE_TRIES_MAX = 8;

/** What a meeting needs of a client's socket. */
export interface MeetingSocket {
  readonly from: { readonly address: string };
  /** An encoded server frame. */
  push(frame: Bytes): void;
}

export interface MeetingsPorts {
  /** Id (hex) of this node. */
  readonly self: string;
  /** Ids (hex) of the other nodes that are connected. */
  connected(): readonly string[];
  /** False: not connected, or the peer's queue is full. */
  send(node: string, message: Bytes): boolean;
  randomBytes(length: number): Bytes;
  /** Wall clock in milliseconds. */
  nowMs(): number;
  /** Runs once after the delay; the returned function cancels. */
  after(delayMs: number, run: () => void): () => void;
}

/** The other side: a socket of this node, or one of another node that knows the meeting by its id. */
type Other = { readonly socket: MeetingSocket } | { readonly node: string; readonly id: Bytes };

interface Waiting {
  readonly step: 'waiting';
  readonly code: string;
  readonly cancel: () => void;
}
interface Asking {
  readonly step: 'asking';
  readonly id: Bytes;
  /** Nodes that have not answered yet. */
  readonly nodes: Set<string>;
  readonly settle: (met: Result<Met>) => void;
}
interface Together {
  readonly step: 'together';
  readonly other: Other;
  readonly cancel: () => void;
}
type Seat = Waiting | Asking | Together;

/** What the device that came learns of the new one. */
export interface Met {
  readonly address: string;
  readonly nearby: boolean;
}

export class Meetings {
  readonly #ports: MeetingsPorts;
  readonly #seats = new Map<MeetingSocket, Seat>();
  readonly #byCode = new Map<string, MeetingSocket>();
  /** Sockets whose other side is at another node, by the meeting's id (hex). */
  readonly #byId = new Map<string, MeetingSocket>();

  constructor(ports: MeetingsPorts) {
    this.#ports = ports;
  }

  /** Does the socket wait for somebody, or meet them? */
  has(socket: MeetingSocket): boolean {
    return this.#seats.has(socket);
  }

  /** The socket's new device waits under a fresh code; an older one of the socket is void. */
  open(socket: MeetingSocket): Result<{ readonly code: string; readonly expiry: number }> {
    this.leave(socket);
    const code = this.#hasRoomFor(socket.from.address) ? this.#freshCode() : undefined;
    if (code === undefined) return refuse('LIMIT_RATE', 'too many devices wait here');
    const cancel = this.#ports.after(MEETING_LIFE_MS, () => void this.#forget(socket));
    this.#seats.set(socket, { step: 'waiting', code, cancel });
    this.#byCode.set(code, socket);
    return accept({ code, expiry: this.#ports.nowMs() + MEETING_LIFE_MS });
  }

  /** Brings the socket to the new device that waits under the code. A code is good for one meeting. */
  async meet(socket: MeetingSocket, code: string): Promise<Result<Met>> {
    if (this.#seats.has(socket)) return refuse('LINK_BUSY', 'one at a time');
    const here = this.#byCode.get(code);
    if (here === undefined) return this.#askOthers(socket, code);
    this.#sit(here, { socket });
    this.#sit(socket, { socket: here });
    here.push(encodeFrame({ type: 'met' }));
    return accept(metWith(here.from.address, socket.from.address));
  }

  /** Says it to the other side, as soon as its node is reached. */
  async pass(socket: MeetingSocket, body: Bytes): Promise<Result<void>> {
    const seat = this.#seats.get(socket);
    for (let tries = 1; ; tries += 1) {
      // Whoever met somebody else meanwhile says nothing of this to them.
      const isHere = seat?.step === 'together' && this.#seats.get(socket) === seat;
      if (!isHere) return refuse('LINK_ENDED', 'nobody is here');
      if (this.#say(seat.other, body)) return accept(undefined);
      if (tries === PASS_TRIES_MAX) return refuse('LINK_ENDED', 'its node cannot be reached');
      await new Promise<void>((resolve) => void this.#ports.after(PASS_AGAIN_MS, resolve));
    }
  }

  /** The socket leaves, is gone, or its time is over: the other side hears of it. */
  leave(socket: MeetingSocket): void {
    const seat = this.#forget(socket);
    if (seat?.step === 'asking') {
      for (const node of seat.nodes) this.#tell(node, { v: 1, type: 'part', id: seat.id });
      seat.settle(refuse('LINK_ENDED', 'left'));
    }
    if (seat?.step !== 'together') return;
    const { other } = seat;
    if ('node' in other) this.#tell(other.node, { v: 1, type: 'part', id: other.id });
    else this.#end(other.socket);
  }

  /** What another node says of a meeting that has one side there. */
  receive(node: string, message: MeetingMessage): void {
    if (message.type === 'meet') {
      this.#asked(node, message);
      return;
    }
    const socket = this.#byId.get(toHex(message.id));
    const seat = socket && this.#seats.get(socket);
    if (socket !== undefined && seat?.step === 'asking' && seat.nodes.has(node)) {
      this.#answered(socket, seat, node, message);
    } else if (message.type === 'met' || (message.type === 'pass' && socket === undefined)) {
      // Whoever gave up asking, or was forgotten by a restart, leaves nobody waiting at the other node.
      this.#tell(node, { v: 1, type: 'part', id: message.id });
    } else if (socket !== undefined && seat?.step === 'together' && meetsAt(seat, node)) {
      if (message.type === 'part') this.#end(socket);
      else socket.push(encodeFrame({ type: 'passed', body: message.body }));
    }
  }

  stop(): void {
    for (const socket of [...this.#seats.keys()]) this.#forget(socket);
  }

  /** False: its node is not connected now. */
  #say(other: Other, body: Bytes): boolean {
    if ('node' in other) return this.#tell(other.node, { v: 1, type: 'pass', id: other.id, body });
    other.socket.push(encodeFrame({ type: 'passed', body }));
    return true;
  }

  #askOthers(socket: MeetingSocket, code: string): Promise<Result<Met>> {
    const fits = (node: string) => code[0] === codeCharOfNode(bytesOf(node));
    const nodes = this.#ports.connected().filter(fits);
    if (nodes.length === 0) return Promise.resolve(refuse('LINK_UNKNOWN', 'no such code'));
    const id = this.#ports.randomBytes(16);
    return new Promise((resolve) => {
      const settle = (met: Result<Met>) => {
        cancel();
        resolve(met);
      };
      const cancel = this.#ports.after(MEET_TIMEOUT_MS, () => {
        this.#forget(socket);
        settle(refuse('LINK_UNKNOWN', 'its node did not answer'));
      });
      const seat: Asking = { step: 'asking', id, nodes: new Set(nodes), settle };
      this.#seats.set(socket, seat);
      this.#byId.set(toHex(id), socket);
      for (const node of nodes) {
        const asked = this.#tell(node, { v: 1, type: 'meet', id, code });
        if (!asked && this.#seats.get(socket) === seat) this.#not(socket, seat, node);
      }
    });
  }

  #answered(socket: MeetingSocket, seat: Asking, node: string, message: MeetingMessage): void {
    if (message.type === 'met') {
      this.#sit(socket, { node, id: seat.id });
      seat.settle(accept(metWith(message.address, socket.from.address)));
    } else this.#not(socket, seat, node);
  }

  /** The code is not open at this node. */
  #not(socket: MeetingSocket, seat: Asking, node: string): void {
    seat.nodes.delete(node);
    if (seat.nodes.size > 0) return;
    this.#forget(socket);
    seat.settle(refuse('LINK_UNKNOWN', 'no such code'));
  }

  #asked(node: string, { id, code }: Extract<MeetingMessage, { type: 'meet' }>): void {
    const socket = this.#byCode.get(code);
    if (socket === undefined || this.#byId.has(toHex(id))) {
      this.#tell(node, { v: 1, type: 'part', id });
      return;
    }
    this.#sit(socket, { node, id });
    socket.push(encodeFrame({ type: 'met' }));
    this.#tell(node, { v: 1, type: 'met', id, address: socket.from.address });
  }

  #sit(socket: MeetingSocket, other: Other): void {
    this.#forget(socket);
    const cancel = this.#ports.after(MEETING_LIFE_MS + MEETING_GRACE_MS, () => {
      this.leave(socket);
      socket.push(encodeFrame({ type: 'parted' }));
    });
    this.#seats.set(socket, { step: 'together', other, cancel });
    if ('id' in other) this.#byId.set(toHex(other.id), socket);
  }

  #end(socket: MeetingSocket): void {
    if (this.#forget(socket) !== undefined) socket.push(encodeFrame({ type: 'parted' }));
  }

  #forget(socket: MeetingSocket): Seat | undefined {
    const seat = this.#seats.get(socket);
    this.#seats.delete(socket);
    if (seat?.step === 'waiting') this.#byCode.delete(seat.code);
    if (seat?.step === 'asking') this.#byId.delete(toHex(seat.id));
    if (seat?.step === 'together' && 'id' in seat.other) this.#byId.delete(toHex(seat.other.id));
    if (seat !== undefined && seat.step !== 'asking') seat.cancel();
    return seat;
  }

  #hasRoomFor(address: string): boolean {
    if (this.#byCode.size >= CODES_MAX) return false;
    const own = [...this.#byCode.values()].filter(({ from }) => from.address === address);
    return own.length < CODES_PER_ADDRESS_MAX;
  }

  #freshCode(): string | undefined {
    const self = bytesOf(this.#ports.self);
    for (let tries = 0; tries < CODE_TRIES_MAX; tries += 1) {
      const code = meetingCode(self, this.#ports.randomBytes(7));
      if (!this.#byCode.has(code)) return code;
    }
    return undefined;
  }

  #tell(node: string, message: MeetingMessage): boolean {
    return this.#ports.send(node, encodeNodeMessage(message));
  }
}

function meetsAt({ other }: Together, node: string): boolean {
  return 'node' in other && other.node === node;
}

function metWith(address: string, from: string): Met {
  return { address, nearby: address === from };
}

function encodeFrame(frame: ServerFrame): Bytes {
  return encodeCbor(frame);
}
