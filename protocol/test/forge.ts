// Rewrites envelopes for the tests of refusals. Signatures are left as they were: the verifier
// judges form, position and authority before a signature is ever looked at.

import {
  type Bytes,
  decodeCbor,
  type Envelope,
  encodeCbor,
  type Shape,
  type Signature,
} from '../src/index.ts';

type Fields = Record<string, unknown>;
const fields: Shape<Fields> = () => undefined;

function fieldsOf(bytes: Bytes): Fields {
  const decoded = decodeCbor(bytes, fields, bytes.length);
  if (!decoded.ok) throw new Error(decoded.detail);
  return decoded.value;
}

export function envelopeOf(bytes: Bytes): Envelope {
  return fieldsOf(bytes) as unknown as Envelope;
}

/** The same envelope around a changed statement. Undefined takes a field away. */
export function withStatement(envelope: Bytes, change: Fields): Bytes {
  const opened = fieldsOf(envelope);
  const link = encodeCbor({ ...fieldsOf(opened['link'] as Bytes), ...change });
  return encodeCbor({ ...opened, link });
}

export function withEnvelope(envelope: Bytes, change: Fields): Bytes {
  return encodeCbor({ ...fieldsOf(envelope), ...change });
}

/** Changes the first signature of the envelope. */
export function withSignature(envelope: Bytes, change: Fields): Bytes {
  const [first, ...others] = envelopeOf(envelope).sigs;
  return withEnvelope(envelope, { sigs: [{ ...first, ...change } as Signature, ...others] });
}

export function flipBit(bytes: Bytes, bit: number): Bytes {
  const copy = bytes.slice();
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}
