// A command's end of the agent's socket: one request after the other, each with its events.

import { createConnection, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Bytes } from '@rockpool/protocol';
import { AgentError } from '../agent-errors.ts';
import { AnsweredError } from '../failure.ts';
import { encodeMessage, encodeSlice, type Frame, FrameReader } from './frames.ts';
import {
  type AgentProgress,
  CONTROL_SOCKET,
  type Request,
  readAnswer,
  requestMessage,
} from './messages.ts';

/** What a request may need of the command that makes it. */
export interface RequestParts {
  onEvent?(event: AgentProgress): void;
  /** A slice of the file that is offered; undefined where it cannot be read any more. */
  read?(offset: number, length: number): Promise<Bytes | undefined>;
}

interface Pending extends RequestParts {
  readonly done: PromiseWithResolvers<unknown>;
}

export class AgentConnection {
  readonly #socket: Socket;
  readonly #reader = new FrameReader();
  #pending: Pending | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => {
      const frames = this.#reader.push(chunk as Bytes & Buffer);
      if (frames === undefined) this.#fail(new AgentError('AGENT_VERSION'));
      for (const frame of frames ?? []) this.#frame(frame);
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#fail(new AgentError('AGENT_STOPPED')));
  }

  /** Rejects with AGENT_NOT_RUNNING where no agent listens. */
  static open(dataDirectory: string): Promise<AgentConnection> {
    return new Promise((resolve, reject) => {
      const socket = createConnection(join(dataDirectory, CONTROL_SOCKET));
      socket.once('connect', () => {
        socket.removeAllListeners('error');
        resolve(new AgentConnection(socket));
      });
      socket.once('error', () => {
        reject(new AgentError('AGENT_NOT_RUNNING', dataDirectory));
      });
    });
  }

  /** Rejects with AgentError or AnsweredError. */
  request(request: Request, parts: RequestParts = {}): Promise<unknown> {
    if (this.#pending !== undefined) throw new Error('one request after the other');
    const done = Promise.withResolvers<unknown>();
    this.#pending = { ...parts, done };
    if (this.#socket.destroyed) this.#fail(new AgentError('AGENT_STOPPED'));
    else this.#socket.write(encodeMessage(requestMessage(request)));
    return done.promise;
  }

  close(): void {
    this.#socket.destroy();
  }

  #frame(frame: Frame): void {
    const answer = frame.kind === 'slice' ? frame : readAnswer(frame.value);
    if (answer === undefined) this.#fail(new AgentError('AGENT_VERSION'));
    else if ('kind' in answer) this.#settle((done) => done.resolve(answer.bytes));
    else if (answer.type === 'event') this.#pending?.onEvent?.(answer.event);
    else if (answer.type === 'read') void this.#serve(answer.offset, answer.length);
    else if (answer.type === 'done') this.#settle((done) => done.resolve(answer.value));
    else this.#settle((done) => done.reject(new AnsweredError(answer.failure)));
  }

  async #serve(offset: number, length: number): Promise<void> {
    const bytes = await this.#pending?.read?.(offset, length).catch(() => undefined);
    if (this.#socket.destroyed) return;
    this.#socket.write(
      bytes === undefined ? encodeMessage(requestMessage({ op: 'broken' })) : encodeSlice(bytes),
    );
  }

  #settle(conclude: (done: PromiseWithResolvers<unknown>) => void): void {
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending !== undefined) conclude(pending.done);
  }

  #fail(error: AgentError): void {
    this.#settle((done) => done.reject(error));
    this.#socket.destroy();
  }
}
