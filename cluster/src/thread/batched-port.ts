// One end of the channel between two threads. A post costs microseconds whatever is in it, so that all messages of one
// turn of the event loop go as one, and the bytes in them lie in a few buffers that change hands instead of being copied once more.

import { type PackedRecord, RecordGatherer, type Records, recordAt } from './packed-records.ts';

/** A MessagePort, or a Worker as its parent sees it. */
export interface PortEnd {
  postMessage(value: unknown, transfer: readonly ArrayBuffer[]): void;
  on(event: 'message', listener: (value: unknown) => void): unknown;
}

export interface PortListener<In> {
  received(message: In): void;
  /** The other thread has handled some of what was posted. */
  handled?(): void;
}

const ARENA_BYTES_MIN = 2_048;
const ARENA_BYTES_MAX = 65_536;
/** What a message weighs besides its bytes. */
const MESSAGE_BYTES = 64;
/** The other thread is told of so much at once that was handled, or with the next messages. */
const REPORT_BYTES = 65_536;

/** In the place of records that follow each other stands how many. */
type Batch<M> = readonly [
  messages: readonly (M | number)[],
  bytes: number,
  handledBytes: number,
  records: Records | undefined,
];

export class BatchedPort<Out, In> {
  readonly #end: PortEnd;
  #messages: (Out | number)[] = [];
  readonly #records = new RecordGatherer();
  /** Of the batch that is being gathered; the last one has room from #arenaAt on. */
  #arenas: ArrayBuffer[] = [];
  #arenaAt = 0;
  #bytes = 0;
  #waitingBytes = 0;
  #handledBytes = 0;
  #isScheduled = false;
  #isHurried = false;

  constructor(end: PortEnd, { received, handled }: PortListener<In>) {
    this.#end = end;
    end.on('message', (value) => {
      const [messages, bytes, handledBytes, records] = value as Batch<In>;
      this.#handledBytes += bytes;
      if (this.#handledBytes >= REPORT_BYTES) this.#schedule();
      this.#waitingBytes -= handledBytes;
      if (handledBytes > 0) handled?.();
      let taken = 0;
      for (const message of messages) {
        if (typeof message !== 'number') received(message);
        else {
          const end = taken + message;
          for (; records !== undefined && taken < end; taken += 1) {
            received(recordAt(records, taken) as In);
          }
        }
      }
    });
  }

  /** Posted, and not known to be handled: at most 64 KiB more than what is not. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Sent at the end of this turn, in order. Of bytes in it the sender gives copies. */
  post(message: Out): void {
    this.#messages.push(message);
    this.#weigh(MESSAGE_BYTES);
    this.#schedule();
  }

  /** Like post, for what goes by the hundred; its bytes are copied. */
  postRecord(record: Extract<Out, PackedRecord>): void {
    const copy = this.copy(record[4]);
    this.#records.add(record, this.#arenas.length - 1, copy.byteOffset);
    const last = this.#messages.at(-1);
    if (typeof last === 'number') this.#messages[this.#messages.length - 1] = last + 1;
    else this.#messages.push(1);
    this.#weigh(MESSAGE_BYTES);
    this.#schedule();
  }

  /** What is posted by now and until the callback that runs is done goes then, without a turn for other inputs. */
  hurry(): void {
    if (this.#isHurried) return;
    this.#isHurried = true;
    process.nextTick(() => {
      this.#isHurried = false;
      this.#flush();
    });
  }

  /** A copy that goes with the message that is posted next, in this same turn. */
  copy(bytes: Uint8Array): Uint8Array {
    const { length } = bytes;
    let arena = this.#arenas.at(-1);
    if (arena === undefined || arena.byteLength - this.#arenaAt < length) {
      const next = Math.min(2 * (arena?.byteLength ?? ARENA_BYTES_MIN / 2), ARENA_BYTES_MAX);
      arena = new ArrayBuffer(Math.max(next, length));
      this.#arenas.push(arena);
      this.#arenaAt = 0;
    }
    const copy = new Uint8Array(arena, this.#arenaAt, length);
    copy.set(bytes);
    this.#arenaAt += length;
    this.#weigh(length);
    return copy;
  }

  #weigh(bytes: number): void {
    this.#bytes += bytes;
    this.#waitingBytes += bytes;
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#messages.length === 0 && this.#handledBytes === 0) return;
    const arenas = this.#arenas;
    const records = this.#records.isEmpty ? undefined : this.#records.take(arenas);
    const batch: Batch<Out> = [this.#messages, this.#bytes, this.#handledBytes, records];
    this.#messages = [];
    this.#arenas = [];
    this.#arenaAt = 0;
    this.#bytes = 0;
    this.#handledBytes = 0;
    this.#end.postMessage(batch, records ? [...arenas, records.numbers.buffer] : arenas);
  }
}
