// A client in a few lines, over a real WebSocket: requests with answers, and pushes to wait for.

import {
  type Bytes,
  type ClientFrame,
  decodeServerFrame,
  encodeCbor,
  inviteProofBytes,
  type Ref,
  registrationChallenge,
  type ServerFrame,
  type ServerFrameType,
  type ServerHello,
  signInput,
  socketProofBytes,
} from '@rockpool/protocol';
import type { TestDevice, TestKey, TestPerson } from '@rockpool/protocol/testing';
import WebSocket from 'ws';

type WithoutRe<F> = F extends { readonly re: number } ? Omit<F, 're'> : never;
type FrameOf<T extends ServerFrameType> = Extract<ServerFrame, { type: T }>;

const PROOF_LIFE_MS = 60_000;
const WAIT_MAX_MS = 20_000;

export interface Closed {
  readonly code: number;
  readonly reason: string;
}

export class TestClient {
  readonly #socket: WebSocket;
  readonly origin: string;
  readonly closed: Promise<Closed>;
  readonly #frames: ServerFrame[] = [];
  readonly #waiting = new Set<() => void>();
  #re = 0;
  #hello: ServerHello | undefined;

  private constructor(socket: WebSocket, origin: string) {
    this.#socket = socket;
    this.origin = origin;
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    socket.on('error', () => {});
    socket.on('message', (data: Buffer) => {
      const decoded = decodeServerFrame(new Uint8Array(data));
      if (!decoded.ok) throw new Error(`unreadable server frame: ${decoded.detail}`);
      this.#frames.push(decoded.value);
      for (const look of [...this.#waiting]) look();
    });
  }

  static async open(port: number, origin: string): Promise<TestClient> {
    const client = new TestClient(new WebSocket(`ws://127.0.0.1:${port}/ws`, { origin }), origin);
    client.#hello = await client.push('hello');
    return client;
  }

  get hello(): ServerHello {
    return this.#hello!;
  }

  /** The first push of this type, past or to come, that fits. It is taken out. */
  push<T extends ServerFrameType>(
    type: T,
    fits: (frame: FrameOf<T>) => boolean = () => true,
  ): Promise<FrameOf<T>> {
    return this.#take((frame) => frame.type === type && fits(frame as FrameOf<T>)) as Promise<
      FrameOf<T>
    >;
  }

  async request(frame: WithoutRe<ClientFrame>): Promise<ServerFrame> {
    this.#re += 1;
    const re = this.#re;
    this.sendRaw(encodeCbor({ ...frame, re }));
    return this.#take((answer) => 're' in answer && answer.re === re);
  }

  sendRaw(bytes: Bytes | string): void {
    this.#socket.send(bytes);
  }

  close(): Promise<Closed> {
    this.#socket.close();
    return this.closed;
  }

  auth(person: TestPerson, device: TestDevice = person.device): Promise<ServerFrame> {
    const { realm, node, nonce, time } = this.hello;
    const expiry = time + PROOF_LIFE_MS;
    const proof = { realm, node, origin: this.origin, nonce, device: device.id, expiry };
    const sig = device.sign(socketProofBytes(proof));
    return this.request({ type: 'auth', user: person.ref, device: device.id, expiry, sig });
  }

  register(person: TestPerson, admits: { token: Bytes } | { admission: Admission }) {
    const challenge = registrationChallenge(this.hello.nonce, person.handle);
    const { attestationObject, clientDataJSON } = person.passkey.register(challenge);
    return this.request({
      type: 'register',
      genesis: person.genesis,
      attestation: attestationObject,
      clientData: clientDataJSON,
      ...admits,
    });
  }

  prove(pool: Ref, key: TestKey): Promise<ServerFrame> {
    const { realm, node, nonce, time } = this.hello;
    const expiry = time + PROOF_LIFE_MS;
    const proof = { realm, node, origin: this.origin, nonce, invite: key.point, expiry };
    const sig = key.sign(inviteProofBytes(proof));
    return this.request({ type: 'prove', pool, key: key.point, expiry, sig });
  }

  statement(chain: 'user' | 'pool', ref: Ref, envelope: Bytes): Promise<ServerFrame> {
    return this.request({ type: 'statement', chain, ref, envelope });
  }

  fetch(chain: 'user' | 'pool', ref: Ref, fresh: 0 | 1 = 0): Promise<ServerFrame> {
    return this.request({ type: 'fetch', chain, ref, from: 0, fresh });
  }

  admission(pool: Ref, key: TestKey, person: TestPerson): Admission {
    const sig = key.sign(signInput('admit', this.hello.realm, person.handle));
    return { pool, key: key.point, sig };
  }

  #take(fits: (frame: ServerFrame) => boolean): Promise<ServerFrame> {
    return new Promise((resolve, reject) => {
      const finish = (conclude: () => void) => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        conclude();
      };
      const look = () => {
        const at = this.#frames.findIndex(fits);
        if (at < 0) return;
        const [frame] = this.#frames.splice(at, 1);
        finish(() => resolve(frame!));
      };
      const gone = () => finish(() => reject(new Error('the socket closed instead')));
      const timer = setTimeout(() => {
        const seen = this.#frames.map(({ type }) => type).join(', ');
        finish(() => reject(new Error(`no such frame within ${WAIT_MAX_MS} ms; seen: ${seen}`)));
      }, WAIT_MAX_MS);
      this.#waiting.add(look);
      look();
      void this.closed.then(gone);
    });
  }
}

export interface Admission {
  readonly pool: Ref;
  readonly key: Bytes;
  readonly sig: Bytes;
}
