// The statements that chains are made of, field by field. A statement's bytes are its deterministic
// CBOR; its link hash is its id and the `prev` of the one after it. Every reader takes exactly these
// fields and kinds: an unknown kind stops the reader, because what it does not understand may have
// taken a right away.

import {
  array,
  bytes,
  bytesUpTo,
  headShape,
  map,
  oneOf,
  refShape,
  type ShapeType,
  text,
  uint,
  union,
} from '../encoding/shape.ts';
import {
  COSE_KEY_BYTES_MAX,
  CREDENTIAL_ID_BYTES_MAX,
  CREDENTIAL_ORIGINS_MAX,
  ENROLMENT_BYTES_MAX,
  STATEMENT_BYTES_MAX,
} from '../limits.ts';

const v = oneOf(1);
/** P-256 point, 65 bytes uncompressed. */
const point = bytes(65);
const later = { seq: uint(), prev: bytes(32), time: uint() };

/** A device: its signing key, its key agreement key, and what it is. Never a name. */
export const deviceShape = map({
  sign: point,
  ecdh: point,
  kind: oneOf('browser', 'desktop', 'phone', 'anchor'),
});
export type DeviceKeys = ShapeType<typeof deviceShape>;
export type DeviceKind = DeviceKeys['kind'];

export const capabilityShape = oneOf('full', 'temporary');
export type Capability = ShapeType<typeof capabilityShape>;

/** Who signs a pool link: the user, the newest link of the user's chain they knew, the device. */
export const authorShape = map({
  user: refShape,
  head: headShape,
  device: bytes(32),
});
export type Author = ShapeType<typeof authorShape>;

export const credentialShape = map({
  id: bytesUpTo(CREDENTIAL_ID_BYTES_MAX, 1),
  /** COSE_Key bytes. */
  key: bytesUpTo(COSE_KEY_BYTES_MAX, 1),
  rpId: text(255),
  /** Sorted; the registering page's own origin is among them. */
  origins: array(text(255), CREDENTIAL_ORIGINS_MAX, 1),
});
export type Credential = ShapeType<typeof credentialShape>;

export const enrolmentShape = map({
  v,
  kind: oneOf('enrol'),
  device: deviceShape,
  capability: capabilityShape,
  expiry: uint(),
});
/** What a passkey signs to let a device in: the hash of this is the ceremony's challenge. */
export type Enrolment = ShapeType<typeof enrolmentShape>;

export const deviceAddShape = map(
  {
    v,
    kind: oneOf('device.add'),
    user: refShape,
    ...later,
    device: deviceShape,
    capability: capabilityShape,
    expiry: uint(),
  },
  /** Hash (tag enrol) of the enrolment certificate, exactly when a passkey signs. */
  { enrol: bytes(32) },
);
export type DeviceAdd = ShapeType<typeof deviceAddShape>;

export const userStatementShape = union('kind', {
  'user.genesis': map(
    {
      v,
      kind: oneOf('user.genesis'),
      salt: bytes(16),
      credential: credentialShape,
      device: deviceShape,
      expiry: uint(),
      /** 1: a new device needs a passkey and a full device. */
      policy: oneOf(0, 1),
    },
    { recovery: bytes(32) },
  ),
  'device.add': deviceAddShape,
});
export type UserStatement = ShapeType<typeof userStatementShape>;
export type UserGenesis = Extract<UserStatement, { kind: 'user.genesis' }>;

export const poolRoleShape = oneOf('owner', 'member');
export type PoolRole = ShapeType<typeof poolRoleShape>;

export const poolStatementShape = union('kind', {
  'pool.genesis': map({
    v,
    kind: oneOf('pool.genesis'),
    salt: bytes(16),
    author: authorShape,
  }),
  'pool.invite': map({
    v,
    kind: oneOf('pool.invite'),
    pool: refShape,
    ...later,
    author: authorShape,
    /** One-use key; its private half travels only in the fragment of the invite link. */
    key: point,
    role: poolRoleShape,
    uses: oneOf(1),
    expiry: uint(),
    /** 1 is refused until a kind exists that approves. */
    approval: oneOf(0, 1),
  }),
  'pool.join': map({
    v,
    kind: oneOf('pool.join'),
    pool: refShape,
    ...later,
    author: authorShape,
    /** Link hash of the invite. */
    invite: bytes(32),
  }),
});
export type PoolStatement = ShapeType<typeof poolStatementShape>;
export type PoolGenesis = Extract<PoolStatement, { kind: 'pool.genesis' }>;
export type PoolInvite = Extract<PoolStatement, { kind: 'pool.invite' }>;
export type PoolJoin = Extract<PoolStatement, { kind: 'pool.join' }>;

export const signatureShape = union('by', {
  passkey: map(
    {
      by: oneOf('passkey'),
      credential: bytesUpTo(CREDENTIAL_ID_BYTES_MAX, 1),
      authData: bytesUpTo(2048, 37),
      clientData: bytesUpTo(4096, 1),
      sig: bytesUpTo(1024, 1),
    },
    /** The enrolment certificate's bytes. */
    { enrol: bytesUpTo(ENROLMENT_BYTES_MAX, 1) },
  ),
  recovery: map({ by: oneOf('recovery'), key: point, sig: bytes(64) }),
  invite: map({ by: oneOf('invite'), sig: bytes(64) }),
  device: map({ by: oneOf('device'), device: bytes(32), sig: bytes(64) }),
});
export type Signature = ShapeType<typeof signatureShape>;
export type PasskeySignature = Extract<Signature, { by: 'passkey' }>;

export const envelopeShape = map(
  { v, link: bytesUpTo(STATEMENT_BYTES_MAX, 1), sigs: array(signatureShape, 2, 1) },
  /** The new device's signature over the link, where a device is added. */
  { own: bytes(64) },
);
export type Envelope = ShapeType<typeof envelopeShape>;

/** What an invite link carries in its fragment, as base64url of this map's CBOR. */
export const inviteLinkShape = map({
  v,
  realm: bytes(32),
  pool: refShape,
  priv: bytes(32),
  pub: point,
});
export type InviteLink = ShapeType<typeof inviteLinkShape>;
