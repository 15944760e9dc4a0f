// The closed loop: each lane has one signal on its way between two devices of its group, and sends the next one,
// between the next two, when the receiver has found the last one right. Pure but for the lines it is given.
import { randomBytes } from 'node:crypto';
import type { Line } from './line.ts';
import { SIGNAL_BYTES } from './load-shape.ts';

const NUMBER_CHARACTERS = 16;

interface Lane {
  readonly lines: readonly Line[];
  /** Random text that every body of the lane ends with. */
  readonly filler: string;
  turn: number;
  receiver: Line | undefined;
  sender: string;
  body: string;
}

export class SignalLanes {
  readonly #lanes: readonly Lane[];
  readonly #laneOf = new Map<Line, Lane>();
  #number = 0;
  #sending = false;
  /** Found right by their receivers. */
  delivered = 0;
  /** Another body, sender or receiver than was sent, or a signal twice. */
  wrong = 0;

  /** Groups of at least two lines; each becomes a lane. */
  constructor(groups: readonly (readonly Line[])[]) {
    this.#lanes = groups.map((lines) => {
      const filler = randomBytes(SIGNAL_BYTES).toString('base64url');
      return { lines, filler, turn: 0, receiver: undefined, sender: '', body: '' };
    });
    for (const lane of this.#lanes) for (const line of lane.lines) this.#laneOf.set(line, lane);
  }

  /** Signals that no receiver has found right yet. */
  get underway(): number {
    return this.#lanes.filter(({ receiver }) => receiver !== undefined).length;
  }

  start(): void {
    this.#sending = true;
    for (const lane of this.#lanes) this.#sendNext(lane);
  }

  /** Sends nothing more; what is underway may still arrive. */
  stop(): void {
    this.#sending = false;
  }

  heard(at: Line, from: string, body: string): void {
    const lane = this.#laneOf.get(at);
    const right = lane?.receiver === at && lane.sender === from && lane.body === body;
    if (lane === undefined || !right) {
      this.wrong += 1;
      return;
    }
    lane.receiver = undefined;
    this.delivered += 1;
    if (this.#sending) this.#sendNext(lane);
  }

  #sendNext(lane: Lane): void {
    const { lines, turn, filler } = lane;
    const sender = lines[turn % lines.length];
    const receiver = lines[(turn + 1) % lines.length];
    if (sender === undefined || receiver === undefined) return;
    this.#number += 1;
    const number = String(this.#number).padStart(NUMBER_CHARACTERS, '0');
    lane.turn += 1;
    lane.receiver = receiver;
    lane.sender = sender.id;
    lane.body = (number + filler).slice(0, SIGNAL_BYTES);
    sender.send(receiver, lane.body);
  }
}
