// A device shows itself on a socket. Needs no quorum: the node's applied state decides, and a
// revocation closes the socket once it is applied here.

import {
  accept,
  type Bytes,
  type DeviceEntry,
  findDevice,
  isDeviceActive,
  type Result,
  refuse,
  type SignatureCheck,
  type SocketProof,
  socketProofBytes,
  type UserState,
} from '@rockpool/protocol';
import { decoyCheck, type VerifyChecks } from '../relying-party.ts';
import { type Socket, wrongProofExpiry } from './socket.ts';

export interface SocketProofRequest {
  readonly device: Bytes;
  readonly expiry: number;
  readonly sig: Bytes;
}

/**
 * The device, if it is one of `user`'s, has not expired, and signed for this very socket. Unknown
 * user, unknown device, expired device and bad signature are one answer and one signature check.
 */
export function verifySocketProof(
  socket: Socket,
  request: SocketProofRequest,
  user: UserState | undefined,
  nowMs: number,
  verify: VerifyChecks,
): Result<DeviceEntry> {
  const wrong = wrongProofExpiry(request.expiry, nowMs);
  if (wrong !== undefined) return wrong;
  const { realm, node, origin, nonce } = socket;
  const { device: id, expiry, sig: signature } = request;
  const proof: SocketProof = { realm, node, origin, nonce, device: id, expiry };
  const message = socketProofBytes(proof);
  const listed = user && findDevice(user, id);
  const device = listed !== undefined && isDeviceActive(listed, nowMs) ? listed : undefined;
  const check: SignatureCheck =
    device === undefined
      ? decoyCheck(message)
      : { kind: 'p256', point: device.keys.sign, message, signature };
  const signed = verify([check]);
  return device !== undefined && signed
    ? accept(device)
    : refuse('AUTH_DEVICE_UNKNOWN', 'no such active device, or not signed by it');
}
