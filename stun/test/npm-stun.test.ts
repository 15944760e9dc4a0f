// The codec of the npm package `stun` as a second opinion, in both directions, where it is right: it hashes what it would have
// written itself and not what came, so it is not asked to judge a FINGERPRINT over padded text; and it reads the error
// code 420, which it writes as we do, as 480.
import { createRequire } from 'node:module';
import fc from 'fast-check';
import t from 'tap';
import {
  ANSWER_BYTES_MAX,
  encodeBindingSuccess,
  encodeUnknownAttributes,
  type SourceAddress,
} from '../src/codec/binding-answer.ts';
import { decodeBindingAnswer } from '../src/codec/binding-client.ts';
import { createBindingRequest, decodeBindingRequest } from '../src/codec/binding-request.ts';
import { formatIpAddress, parseIpAddress } from '../src/codec/ip-address.ts';
import { attribute, message, TRANSACTION_ID, withFingerprint } from './stun-messages.ts';

/** Its parts that are used here; it comes without types. */
interface StunPackage {
  readonly constants: Readonly<Record<string, number>>;
  createMessage(type: number | undefined, transactionId?: Buffer): StunRequest;
  decode(bytes: Buffer): StunResponse;
  validateFingerprint(message: StunResponse): boolean;
}
interface StunRequest {
  addUsername(name: string): void;
  addSoftware(name: string): void;
  addPriority(priority: number): void;
  addXorAddress(address: string, port: number): void;
  addError(code: number, reason: string): void;
  addUnknownAttributes(types: readonly number[]): void;
  addMessageIntegrity(key: string): void;
  addFingerprint(): void;
  toBuffer(): Buffer;
}
interface StunResponse {
  getXorAddress(): { address: string; port: number };
  getError(): { reason: string };
  getUnknownAttributes(): readonly number[];
}

const require = createRequire(import.meta.url);
const stun: StunPackage = require('stun');
const { constants } = stun;
const REQUEST = constants['STUN_BINDING_REQUEST'];
const SUCCESS = constants['STUN_BINDING_RESPONSE'];
const REFUSAL = constants['STUN_BINDING_ERROR_RESPONSE'];

const ofBytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const addresses = fc.oneof(ofBytes(4), ofBytes(16));
const ports = fc.integer({ min: 1, max: 65_535 });
/** Its padded texts come out as they went in. */
const words = fc.string({ minLength: 1, maxLength: 24 });
const unknownTypes = fc.uniqueArray(fc.integer({ min: 0x4000, max: 0x7fff }), {
  minLength: 1,
  maxLength: 20,
});

function canonical(text: string): string {
  const bytes = new Uint8Array(16);
  return formatIpAddress(bytes.subarray(0, parseIpAddress(text, bytes)));
}

t.test('[STUN-8] it reads our success answers, and finds their FINGERPRINT right', async (t) => {
  fc.assert(
    fc.property(addresses, ports, fc.boolean(), (address, port, signed) => {
      const request = signed ? withFingerprint(message()) : message();
      const found = createBindingRequest();
      decodeBindingRequest(request, found);
      const source: SourceAddress = { address, addressBytes: address.length === 4 ? 4 : 16, port };
      const room = new Uint8Array(ANSWER_BYTES_MAX);
      const length = encodeBindingSuccess(room, request, found, source);
      const read = stun.decode(Buffer.from(room.slice(0, length)));
      const named = read.getXorAddress();
      return (
        canonical(named.address) === canonical(formatIpAddress(address)) &&
        named.port === port &&
        stun.validateFingerprint(read) === signed
      );
    }),
  );
  t.pass('the property holds');
});

t.test('[STUN-7] it reads our refusals and what they list', async (t) => {
  fc.assert(
    fc.property(unknownTypes, (types) => {
      const request = message(...types.map((type) => attribute(type, new Uint8Array(0))));
      const found = createBindingRequest();
      decodeBindingRequest(request, found);
      const room = new Uint8Array(ANSWER_BYTES_MAX);
      const length = encodeUnknownAttributes(room, request, found);
      const read = stun.decode(Buffer.from(room.slice(0, length)));
      const listed = read.getUnknownAttributes().join();
      return read.getError().reason === 'Unknown Attribute' && listed === types.join();
    }),
  );
  t.pass('the property holds');
});

t.test('[STUN-5] [STUN-6] we take its requests', async (t) => {
  fc.assert(
    fc.property(words, words, fc.boolean(), (name, software, priority) => {
      const request = stun.createMessage(REQUEST);
      request.addUsername(name);
      request.addSoftware(software);
      if (priority) request.addPriority(1);
      request.addMessageIntegrity('key');
      request.addFingerprint();
      const found = createBindingRequest();
      const verdict = decodeBindingRequest(Uint8Array.from(request.toBuffer()), found);
      const unknown = [...found.unknown.subarray(0, found.unknownCount)].join();
      return verdict === 'request' && found.fingerprint && unknown === (priority ? '36' : '');
    }),
  );
  t.pass('the property holds');
});

t.test('[STUN-13] we read its answers as it meant them', async (t) => {
  const id = Buffer.from(TRANSACTION_ID);
  fc.assert(
    fc.property(addresses, ports, unknownTypes, (address, port, types) => {
      const text = formatIpAddress(address);
      const success = stun.createMessage(SUCCESS, id);
      success.addXorAddress(text, port);
      success.addFingerprint();
      const named = decodeBindingAnswer(Uint8Array.from(success.toBuffer()), TRANSACTION_ID);
      const refusal = stun.createMessage(REFUSAL, id);
      refusal.addError(420, 'Unknown Attribute');
      refusal.addUnknownAttributes(types);
      const refused = decodeBindingAnswer(Uint8Array.from(refusal.toBuffer()), TRANSACTION_ID);
      return (
        named.kind === 'success' &&
        named.port === port &&
        canonical(named.address) === canonical(text) &&
        refused.kind === 'error' &&
        refused.code === 420 &&
        refused.unknown.join() === types.join()
      );
    }),
  );
  t.pass('the property holds');
});
