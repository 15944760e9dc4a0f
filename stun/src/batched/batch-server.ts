/*
 * The loop of the thread that answers: waits until a socket has something, receives a batch, answers what is to be
 * answered with one call, and waits again. It sleeps in the kernel while nothing comes.
 */

import { BindingResponder } from '../binding-responder.ts';
import { nowMs } from '../clock.ts';
import { readDefaultGateway } from '../default-gateway.ts';
import type { StunLogger } from '../logger.ts';
import { NatDiscovery } from '../nat-discovery.ts';
import { sourceAddress } from '../source-address.ts';
import { SourceLimiter } from '../source-limiter.ts';
import { TranslationWatch } from '../translation-watch.ts';
import { SOCKET_ERROR_WARNING } from '../udp-service.ts';
import { publishCounts } from './counters.ts';
import { ERRNO, errnoName, type Libc, POLLIN } from './libc.ts';
import { BATCH_MAX, MessageBatch } from './message-batch.ts';
import type { WorkerData } from './worker-data.ts';

/** A process that ends waits for its threads: no call into the kernel may last longer. */
const WAIT_MS_MAX = 500;
/** struct pollfd: descriptor, events wanted, events there. */
const POLL_BYTES = 8;

export class BatchServer {
  readonly #libc: Libc;
  readonly #data: WorkerData;
  readonly #batch: MessageBatch;
  readonly #responder: BindingResponder;
  readonly #watch: TranslationWatch;
  readonly #logger: StunLogger;
  readonly #source = sourceAddress();
  readonly #counters: Float64Array;
  readonly #stop: Int32Array;
  readonly #polled: Uint8Array;
  readonly #pollView: DataView;
  /** The socket that sends the answer at each place. */
  readonly #answerFrom = new Uint8Array(BATCH_MAX);
  #sendDropped = 0;
  #socketErrors = 0;

  constructor(libc: Libc, data: WorkerData, logger: StunLogger) {
    this.#libc = libc;
    this.#data = data;
    this.#logger = logger;
    this.#batch = new MessageBatch(libc);
    this.#watch = new TranslationWatch(readDefaultGateway(), logger);
    const limiter = new SourceLimiter(data.limit, data.limiterMemory);
    const discovery = data.discovers ? new NatDiscovery(data.sockets) : undefined;
    this.#responder = new BindingResponder(limiter, this.#watch, discovery);
    this.#counters = new Float64Array(data.counterMemory);
    this.#stop = new Int32Array(data.stopMemory);
    const fds = [...data.sockets.map(({ fd }) => fd), data.wakeFd];
    this.#polled = new Uint8Array(Math.max(128, fds.length * POLL_BYTES));
    this.#pollView = new DataView(this.#polled.buffer);
    for (const [index, fd] of fds.entries()) {
      this.#pollView.setInt32(index * POLL_BYTES, fd, true);
      this.#pollView.setInt16(index * POLL_BYTES + 4, POLLIN, true);
    }
  }

  /** Returns when it is told to stop. */
  run(): void {
    const { sockets } = this.#data;
    const polled = this.#libc.addressOf(this.#polled);
    while (Atomics.load(this.#stop, 0) === 0) {
      if (this.#libc.poll(polled, sockets.length + 1, WAIT_MS_MAX) <= 0) continue;
      for (let number = 0; number < sockets.length; number += 1) {
        if (this.#pollView.getInt16(number * POLL_BYTES + 6, true) === 0) continue;
        this.#serve(number);
      }
    }
  }

  /** One batch of one socket, so that no socket keeps the others waiting. */
  #serve(number: number): void {
    const fd = this.#data.sockets[number]?.fd ?? -1;
    const received = this.#batch.receive(fd);
    if (received < 0) {
      this.#noteError();
      return;
    }
    const now = nowMs();
    let answers = 0;
    for (let index = 0; index < received; index += 1) {
      const request = this.#batch.request(index, this.#source);
      const answer = this.#batch.answer(answers);
      const length = this.#responder.respond(request, this.#source, now, answer, number);
      if (length === 0) continue;
      this.#batch.address(answers, index, length, this.#source.addressBytes === 4);
      this.#answerFrom[answers] = this.#responder.answerFrom;
      answers += 1;
    }
    // Counted before it is sent: who has the answer finds it counted.
    this.#publish();
    this.#send(answers);
  }

  /** Sends each run of answers that leave by the same socket; without NAT discovery that is all of them. */
  #send(answers: number): void {
    for (let from = 0; from < answers; ) {
      const number = this.#answerFrom[from] ?? 0;
      let end = from + 1;
      while (end < answers && this.#answerFrom[end] === number) end += 1;
      this.#sendRun(this.#data.sockets[number]?.fd ?? -1, from, end);
      from = end;
    }
  }

  #sendRun(fd: number, start: number, end: number): void {
    for (let from = start; from < end; ) {
      const sent = this.#batch.send(fd, from, end - from);
      if (sent > 0) {
        from += sent;
        continue;
      }
      if (this.#libc.errno() === ERRNO.EAGAIN) {
        this.#sendDropped += end - from;
        return;
      }
      // The first of them cannot be sent, whatever it is; the others may.
      this.#noteError();
      from += 1;
    }
  }

  #noteError(): void {
    const errno = this.#libc.errno();
    if (errno === ERRNO.EAGAIN || errno === ERRNO.EINTR) return;
    this.#socketErrors += 1;
    this.#logger.warn({ code: errnoName(errno) }, SOCKET_ERROR_WARNING);
  }

  #publish(): void {
    publishCounts(this.#counters, {
      outcomes: this.#responder.outcomes,
      named: this.#watch.counts,
      sendDropped: this.#sendDropped,
      socketErrors: this.#socketErrors,
    });
  }
}
