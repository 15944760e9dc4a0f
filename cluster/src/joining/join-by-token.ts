// A new machine's part of joining: it goes to the member that its token names, makes sure of that one's key, and asks once.

import { connect, type TLSSocket } from 'node:tls';
import { NODE_ERRORS, NodeError, type NodeErrorCode } from '../node-error.ts';
import { peerFingerprint } from '../peer/node-key.ts';
import { parseAddress } from '../peer/peer-ports.ts';
import type { ClusterView, NewNode } from '../ports.ts';
import {
  ANSWER_BYTES_MAX,
  decodeJoinAnswer,
  encodeJoinRequest,
  JOIN_PROTOCOL,
  receiveMessage,
  withLength,
} from './join-messages.ts';
import { decodeJoinToken } from './join-token.ts';

const CONNECT_MS_MAX = 5_000;
/** The member asks its cluster meanwhile. */
const ANSWER_MS_MAX = 15_000;

/** For joinCluster(): asks the member that a token names. Throws JOIN_TOKEN_UNREADABLE. */
export function admitByToken(text: string): (node: NewNode) => Promise<ClusterView> {
  const token = decodeJoinToken(text);
  const target = token && parseAddress(token.address);
  if (token === undefined || target === undefined) throw new NodeError('JOIN_TOKEN_UNREADABLE', '');
  return async (node) => {
    const socket = connect({
      ...target,
      minVersion: 'TLSv1.3',
      ALPNProtocols: [JOIN_PROTOCOL],
      // Certificates are self-signed: the fingerprint decides.
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
    });
    socket.on('error', () => socket.destroy());
    try {
      await secured(socket, token.address);
      if (peerFingerprint(socket) !== token.fingerprint || socket.alpnProtocol !== JOIN_PROTOCOL) {
        throw new NodeError('JOIN_WRONG_MEMBER', `${token.address}.`);
      }
      socket.setTimeout(ANSWER_MS_MAX, () => socket.destroy());
      const received = receiveMessage(socket, ANSWER_BYTES_MAX);
      socket.write(withLength(encodeJoinRequest({ secret: token.secret, node })));
      return viewOf(
        await received.catch((cause: unknown) => {
          throw new NodeError('JOIN_UNDECIDED', 'No answer came.', { cause });
        }),
      );
    } finally {
      socket.destroy();
    }
  };
}

function secured(socket: TLSSocket, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let reason = 'it closed the connection';
    socket.setTimeout(CONNECT_MS_MAX, () => {
      reason = 'no answer';
      socket.destroy();
    });
    socket.once('error', (error) => {
      reason = error.message;
    });
    socket.once('secureConnect', () => resolve());
    socket.once('close', () => reject(new NodeError('JOIN_UNREACHABLE', `${address}: ${reason}.`)));
  });
}

function viewOf(bytes: Uint8Array): ClusterView {
  const answer = decodeJoinAnswer(bytes);
  if (answer === undefined) throw new NodeError('JOIN_UNDECIDED', 'The answer is unreadable.');
  if (answer.ok) return answer.view;
  const { code } = answer;
  if (isNodeErrorCode(code)) throw new NodeError(code, '');
  throw new NodeError('JOIN_UNDECIDED', `The member says ${code}.`);
}

function isNodeErrorCode(code: string): code is NodeErrorCode {
  return Object.hasOwn(NODE_ERRORS, code);
}
