/*
 * Unary gRPC calls over one HTTP/2 connection without encryption
 * (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md). Not by node:http2: its client needs about
 * as much CPU for a call as the three servers together need for the write, and would slow down what it measures.
 *
 * Trailers are not decoded. A unary call that fails answers no message, so a message means that it succeeded.
 */
import { BatchedSocket, frameBuffer } from '@rockpool/cluster/testing';
import {
  ACK,
  CallHeaders,
  decodeHttp2Frame,
  END_HEADERS,
  END_STREAM,
  encodeHttp2Frame,
  FRAME,
  HTTP2_PREFACE,
  HTTP2_SHAPE,
  type Http2Frame,
} from './http2-frames.ts';

const PREFIX_BYTES = 5;
/** What a server may send before it hears more; given back when half of it is used. */
const RECEIVE_WINDOW = 2 ** 30;
const FIRST_WINDOW = 65_535;
const SETTING_INITIAL_WINDOW = 4;

interface Call {
  readonly resolve: (message: Buffer) => void;
  readonly reject: (error: Error) => void;
  readonly chunks: Uint8Array[];
}

interface Outgoing {
  readonly path: string;
  readonly payload: Buffer;
  readonly call: Call;
}

export class GrpcConnection {
  readonly #socket: BatchedSocket;
  readonly #headers = new CallHeaders();
  readonly #calls = new Map<number, Call>();
  #nextStream = 1;
  #receivedBytes = 0;
  /** What may still be sent before the server gives more; the calls behind it wait. */
  #sendWindow = FIRST_WINDOW;
  readonly #waiting: Outgoing[] = [];

  private constructor(socket: BatchedSocket) {
    this.#socket = socket;
    const frames = frameBuffer(HTTP2_SHAPE);
    socket.onData((chunk) => {
      for (const frame of frames(chunk)) this.#receive(decodeHttp2Frame(frame));
    });
    socket.onEnd(() => this.#fail('the connection ended'));
    socket.write(HTTP2_PREFACE);
    const settings = Buffer.alloc(6);
    settings.writeUInt16BE(SETTING_INITIAL_WINDOW, 0);
    settings.writeUInt32BE(RECEIVE_WINDOW, 2);
    this.#send({ type: FRAME.settings, flags: 0, stream: 0, payload: settings });
    this.#widen(RECEIVE_WINDOW - FIRST_WINDOW);
  }

  static async open(port: number): Promise<GrpcConnection> {
    return new GrpcConnection(await BatchedSocket.open(port));
  }

  /** The answering message; rejects when the server answers none. */
  call(path: string, message: Uint8Array): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const call = { resolve, reject, chunks: [] };
      this.#waiting.push({ path, payload: framed(message), call });
      this.#sendWaiting();
    });
  }

  close(): void {
    this.#socket.close();
  }

  #sendWaiting(): void {
    while (this.#waiting[0] !== undefined && this.#waiting[0].payload.length <= this.#sendWindow) {
      const { path, payload, call } = this.#waiting[0];
      this.#waiting.shift();
      this.#sendWindow -= payload.length;
      const stream = this.#nextStream;
      this.#nextStream += 2;
      this.#calls.set(stream, call);
      const block = this.#headers.block(path);
      this.#send({ type: FRAME.headers, flags: END_HEADERS, stream, payload: block });
      this.#send({ type: FRAME.data, flags: END_STREAM, stream, payload });
    }
  }

  #receive(frame: Http2Frame): void {
    const { type, flags, stream, payload } = frame;
    switch (type) {
      case FRAME.data:
        this.#calls.get(stream)?.chunks.push(payload);
        this.#received(payload.length);
        break;
      case FRAME.resetStream:
        this.#end(stream);
        return;
      case FRAME.settings:
      case FRAME.ping:
        if ((flags & ACK) === 0) {
          const answer = type === FRAME.ping ? payload : Buffer.alloc(0);
          this.#send({ type, flags: ACK, stream: 0, payload: answer });
        }
        return;
      case FRAME.windowUpdate:
        if (stream === 0) this.#sendWindow += payload.readUInt32BE();
        this.#sendWaiting();
        return;
      case FRAME.goAway:
        this.#socket.close();
        return;
      default:
        break;
    }
    const ends = type === FRAME.data || type === FRAME.headers;
    if (ends && (flags & END_STREAM) !== 0) this.#end(stream);
  }

  #end(stream: number): void {
    const call = this.#calls.get(stream);
    this.#calls.delete(stream);
    const message = call === undefined ? undefined : unframed(call.chunks);
    if (message === undefined) call?.reject(new Error('the server refused the call'));
    else call?.resolve(message);
  }

  #received(bytes: number): void {
    this.#receivedBytes += bytes;
    if (this.#receivedBytes < RECEIVE_WINDOW / 2) return;
    this.#widen(this.#receivedBytes);
    this.#receivedBytes = 0;
  }

  #widen(by: number): void {
    const payload = Buffer.alloc(4);
    payload.writeUInt32BE(by);
    this.#send({ type: FRAME.windowUpdate, flags: 0, stream: 0, payload });
  }

  #send(frame: Http2Frame): void {
    this.#socket.write(encodeHttp2Frame(frame));
  }

  #fail(why: string): void {
    const calls = [...this.#calls.values(), ...this.#waiting.map(({ call }) => call)];
    this.#calls.clear();
    this.#waiting.length = 0;
    for (const { reject } of calls) reject(new Error(why));
  }
}

function framed(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  frame.writeUInt8(0, 0);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, PREFIX_BYTES);
  return frame;
}

/** Undefined unless it is one whole message. */
function unframed(chunks: readonly Uint8Array[]): Buffer | undefined {
  const frame = Buffer.concat(chunks);
  if (frame.length < PREFIX_BYTES) return undefined;
  return frame.length - PREFIX_BYTES === frame.readUInt32BE(1)
    ? frame.subarray(PREFIX_BYTES)
    : undefined;
}
