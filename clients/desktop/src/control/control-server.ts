// The agent's door: a Unix socket in its data directory that only its own user can open.

import { chmod, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Bytes } from '@rockpool/protocol';
import { AgentError } from '../agent-errors.ts';
import { failureOf, wordsOf } from '../failure.ts';
import { encodeMessage, encodeSlice, type Frame, FrameReader } from './frames.ts';
import {
  type AgentProgress,
  type Answer,
  answerMessage,
  CONTROL_SOCKET,
  type Request,
  readRequest,
} from './messages.ts';

const CONNECTIONS_MAX = 64;
/** Some systems allow 104 bytes for the name of a socket, its end included. */
const SOCKET_PATH_BYTES_MAX = 103;

/** A command that is connected, as what answers its requests sees it. */
export interface Caller {
  /** Aborts once the command has gone. */
  readonly gone: AbortSignal;
  tell(event: AgentProgress): void;
  /** A slice of the file that the command offers. */
  read(offset: number, length: number): Promise<Bytes>;
}

/** Answers a request, with a value or the bytes of a slice. Rejects with what is coded. */
export type RequestHandler = (
  request: Request,
  caller: Caller,
) => Promise<{ readonly value: unknown } | { readonly slice: Bytes }>;

export interface ControlServer {
  close(): Promise<void>;
}

/** The agent holds the data directory's lock by now, so a socket left there is a dead one's. */
export async function startControlServer(
  dataDirectory: string,
  handle: RequestHandler,
): Promise<ControlServer> {
  const path = join(dataDirectory, CONTROL_SOCKET);
  if (Buffer.byteLength(path) > SOCKET_PATH_BYTES_MAX) {
    throw new AgentError('AGENT_SOCKET', path);
  }
  await rm(path, { force: true });
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    if (open.size >= CONNECTIONS_MAX) {
      socket.end(encodeMessage(answerMessage(errorAnswer(new AgentError('AGENT_BUSY')))));
      return;
    }
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    new Connection(socket, handle);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(new AgentError('AGENT_SOCKET', path, { cause: error }));
    });
    server.listen(path, resolve);
  });
  await chmod(path, 0o600);
  return {
    close: () =>
      new Promise((resolve) => {
        for (const socket of open) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

class Connection implements Caller {
  readonly #socket: Socket;
  readonly #handle: RequestHandler;
  readonly #reader = new FrameReader();
  readonly #gone = new AbortController();
  #busy = false;
  #reading: { readonly length: number; readonly done: PromiseWithResolvers<Bytes> } | undefined;

  constructor(socket: Socket, handle: RequestHandler) {
    this.#socket = socket;
    this.#handle = handle;
    socket.on('close', () => {
      this.#gone.abort();
      this.#reading?.done.reject(new AgentError('SEND_CHANGED'));
    });
    socket.on('data', (chunk) => {
      const frames = this.#reader.push(chunk as Bytes & Buffer);
      if (frames === undefined) this.#refuse();
      for (const frame of frames ?? []) this.#frame(frame);
    });
  }

  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  tell(event: AgentProgress): void {
    this.#answer({ type: 'event', event });
  }

  read(offset: number, length: number): Promise<Bytes> {
    if (this.gone.aborted || this.#reading !== undefined) throw new AgentError('SEND_CHANGED');
    const done = Promise.withResolvers<Bytes>();
    this.#reading = { length, done };
    this.#answer({ type: 'read', offset, length });
    return done.promise;
  }

  #frame(frame: Frame): void {
    const request = frame.kind === 'slice' ? frame : readRequest(frame.value);
    if (request === undefined) this.#refuse();
    else if ('kind' in request) this.#slice(request.bytes);
    else if (request.op === 'broken') this.#slice(undefined);
    else if (this.#busy) this.#refuse();
    else this.#run(request);
  }

  #run(request: Request): void {
    this.#busy = true;
    this.#handle(request, this)
      .then(
        (outcome) => {
          if ('slice' in outcome) this.#write(encodeSlice(outcome.slice));
          else this.#answer({ type: 'done', value: outcome.value });
        },
        (error: unknown) => this.#answer(errorAnswer(error)),
      )
      .finally(() => {
        this.#busy = false;
      });
  }

  /** The slice that was asked for; nothing where the command could not read it. */
  #slice(bytes: Bytes | undefined): void {
    const reading = this.#reading;
    this.#reading = undefined;
    if (reading === undefined) this.#refuse();
    else if (bytes?.length === reading.length) reading.done.resolve(bytes);
    else reading.done.reject(new AgentError('SEND_CHANGED'));
  }

  #answer(answer: Answer): void {
    this.#write(encodeMessage(answerMessage(answer)));
  }

  #write(bytes: Bytes): void {
    if (!this.#socket.destroyed) this.#socket.write(bytes);
  }

  /** Not a request of this version, or not its turn. */
  #refuse(): void {
    if (this.#socket.destroyed) return;
    this.#socket.removeAllListeners('data');
    this.#socket.end(encodeMessage(answerMessage(errorAnswer(new AgentError('AGENT_VERSION')))));
  }
}

function errorAnswer(error: unknown): Answer {
  return { type: 'error', failure: failureOf(error) ?? wordsOf(new AgentError('AGENT_FAILED')) };
}
