// Where new machines knock: the peer port, under a protocol name of its own. Whoever comes is a stranger, so it may say one small
// message within a few seconds, and without a good secret all it gets is one code. Nothing of it is kept.

import type { TLSSocket } from 'node:tls';
import type { Machine } from '../node/machine.ts';
import { NodeError } from '../node-error.ts';
import type { ClusterLogger } from '../options.ts';
import { PacedLog } from '../paced-log.ts';
import { ClusterError, type ClusterMembers, type ClusterView, type NewNode } from '../ports.ts';
import {
  decodeJoinRequest,
  encodeJoinAnswer,
  type JoinAnswer,
  REQUEST_BYTES_MAX,
  receiveMessage,
  withLength,
} from './join-messages.ts';
import { JoinSecrets } from './join-secrets.ts';
import { SECRET_BYTES } from './join-token.ts';

const ASKING_MS_MAX = 5_000;
/** Of those that said nothing yet; one more costs the oldest its place. */
const ASKING_MAX = 16;
const FAREWELL_MS_MAX = 1_000;

export interface JoinDoorPorts {
  readonly logger: ClusterLogger;
  readonly machine: Pick<Machine, 'clock' | 'randomBytes'>;
  /** Undefined while the node starts. */
  members(): ClusterMembers | undefined;
}

export class JoinDoor {
  readonly #ports: JoinDoorPorts;
  readonly #log: PacedLog;
  readonly #secrets = new JoinSecrets();
  readonly #asking = new Set<TLSSocket>();

  constructor(ports: JoinDoorPorts) {
    this.#ports = ports;
    this.#log = new PacedLog(ports.logger, () => this.#nowMs());
  }

  /** A new one, by which one node may join. */
  giveSecret(): Uint8Array {
    const secret = this.#ports.machine.randomBytes(SECRET_BYTES);
    this.#secrets.add(secret, this.#nowMs());
    return secret;
  }

  /** Resolves once it is answered; to false for a stranger without a good secret. Never rejects. */
  async open(socket: TLSSocket): Promise<boolean> {
    socket.on('error', () => socket.destroy());
    const request = await this.#hear(socket);
    if (request === undefined) {
      this.#refused(socket, 'JOIN_REQUEST_REFUSED');
      return false;
    }
    const claim = this.#secrets.claim(request.secret, this.#nowMs());
    if (claim === undefined) {
      this.#refused(socket, 'JOIN_TOKEN_REFUSED');
      return false;
    }
    try {
      const view = await this.#admit(request.node);
      claim.spend();
      const { id, name, peerAddress } = request.node;
      this.#ports.logger.info({ node: id, name, peerAddress }, 'a node joins by a token');
      this.#answer(socket, { ok: true, view });
    } catch (error) {
      // The node may be listed all the same, and a secret lets in one.
      if (error instanceof ClusterError && error.code === 'CLUSTER_TIMEOUT') claim.spend();
      else claim.giveBack();
      const isCoded = error instanceof NodeError || error instanceof ClusterError;
      const code = isCoded ? error.code : 'CLUSTER_STOPPED';
      this.#ports.logger.warn({ code, node: request.node.id }, 'a node with a token cannot join');
      this.#answer(socket, { ok: false, code });
    }
    return true;
  }

  async #admit(node: NewNode): Promise<ClusterView> {
    const members = this.#ports.members();
    if (members === undefined) throw new ClusterError('CLUSTER_STOPPED', 'The node starts.');
    await members.add(node);
    return await members.view();
  }

  #nowMs(): number {
    return this.#ports.machine.clock.monotonicMs();
  }

  async #hear(socket: TLSSocket) {
    this.#asking.add(socket);
    for (const oldest of this.#asking) {
      if (this.#asking.size <= ASKING_MAX) break;
      this.#asking.delete(oldest);
      oldest.destroy();
    }
    // Not since the last byte: one byte at a time is no way to stay.
    const timer = setTimeout(() => socket.destroy(), ASKING_MS_MAX);
    try {
      return decodeJoinRequest(await receiveMessage(socket, REQUEST_BYTES_MAX));
    } catch {
      return undefined;
    } finally {
      clearTimeout(timer);
      this.#asking.delete(socket);
    }
  }

  #refused(socket: TLSSocket, code: string): void {
    this.#log.warn(code, { code, from: socket.remoteAddress }, 'a stranger at the join door');
    this.#answer(socket, { ok: false, code });
  }

  #answer(socket: TLSSocket, answer: JoinAnswer): void {
    if (socket.destroyed) return;
    socket.setTimeout(FAREWELL_MS_MAX, () => socket.destroy());
    socket.end(withLength(encodeJoinAnswer(answer)));
    // Whatever still comes is thrown away, or the close would wait for it.
    socket.resume();
    socket.destroySoon();
  }
}
