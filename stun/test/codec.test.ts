import { createHmac } from 'node:crypto';
import { isIP } from 'node:net';
import fc from 'fast-check';
import t from 'tap';
import {
  ANSWER_BYTES_MAX,
  encodeBindingSuccess,
  encodeUnknownAttributes,
  type SourceAddress,
} from '../src/codec/binding-answer.ts';
import { decodeBindingAnswer, encodeBindingRequest } from '../src/codec/binding-client.ts';
import { createBindingRequest, decodeBindingRequest } from '../src/codec/binding-request.ts';
import { formatIpAddress, parseIpAddress } from '../src/codec/ip-address.ts';
import {
  attribute,
  fromHex,
  message,
  TRANSACTION_ID,
  withFingerprint,
  xorAddress,
} from './stun-messages.ts';

// The sample messages of RFC 5769, sections 2.1 to 2.4.
const SAMPLE_REQUEST = fromHex(`000100582112a442b7e7a701bc34d686fa87dfae
  802200105354554e207465737420636c69656e74 002400046e0001ff 80290008932ff9b151263b36
  000600096576746a3a68367659202020 000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2 80280004e57a3bcf`);
const SAMPLE_IPV4_RESPONSE = fromHex(`0101003c2112a442b7e7a701bc34d686fa87dfae
  8022000b7465737420766563746f7220 002000080001a147e112a643
  000800142b91f599fd9e90c38c7489f92af9ba53f06be7d7 80280004c07d4c96`);
const SAMPLE_IPV6_RESPONSE = fromHex(`010100482112a442b7e7a701bc34d686fa87dfae
  8022000b7465737420766563746f7220 002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9
  00080014a382954e4be67bf11784c97c8292c275bfe3ed41 80280004c8fb0b4c`);
const SAMPLE_LONG_TERM_REQUEST = fromHex(`000100602112a44278ad3433c6ad72c029da412e
  00060012e3839ee38388e383aae38383e382afe382b90000
  0015001c662f2f3439396b39353464364f4c33346f4c394653547679363473410014000b6578616d706c652e6f726700
  00080014f67024656dd64a3e02b8e0712e85c9a28ca89666`);

const judge = (bytes: Uint8Array) => decodeBindingRequest(bytes, createBindingRequest());
const unknownOf = (bytes: Uint8Array) => {
  const found = createBindingRequest();
  return [decodeBindingRequest(bytes, found), ...found.unknown.subarray(0, found.unknownCount)];
};

function sourceOf(address: Uint8Array, port: number): SourceAddress {
  return { address, addressBytes: address.length === 4 ? 4 : 16, port };
}

function answerTo(request: Uint8Array, source = sourceOf(fromHex('7f000001'), 1)): Uint8Array {
  const found = createBindingRequest();
  t.equal(decodeBindingRequest(request, found), 'request');
  const into = new Uint8Array(ANSWER_BYTES_MAX).fill(0xee);
  const length =
    found.unknownCount > 0
      ? encodeUnknownAttributes(into, request, found)
      : encodeBindingSuccess(into, request, found, source);
  return into.slice(0, length);
}

t.test('the sample messages of RFC 5769 are copied right', (t) => {
  const password = 'VOkJxbRl1RmTxUk/WvJxBt';
  for (const sample of [SAMPLE_REQUEST, SAMPLE_IPV4_RESPONSE, SAMPLE_IPV6_RESPONSE]) {
    const covered = sample.slice(0, -32);
    covered[3] = sample.length - 20 - 8;
    const mac = createHmac('sha1', password).update(covered).digest('hex');
    t.equal(mac, Buffer.from(sample.subarray(-28, -8)).toString('hex'));
  }
  t.end();
});

t.test(
  '[STUN-5] the FINGERPRINT of the RFC 5769 request holds, with any bit changed it does not',
  (t) => {
    t.same(unknownOf(SAMPLE_REQUEST), ['request', 0x0024]);
    // The transaction id, the value of SOFTWARE, its FINGERPRINT.
    for (const at of [8, 19, 24, 39, 104, 107]) {
      for (let bit = 0; bit < 8; bit += 1) {
        const changed = SAMPLE_REQUEST.slice();
        changed[at]! ^= 1 << bit;
        t.equal(judge(changed), 'bad-fingerprint', `bit ${bit} of byte ${at}`);
      }
    }
    t.end();
  },
);

t.test('[STUN-13] the RFC 5769 responses give the addresses the RFC names', (t) => {
  const transactionId = SAMPLE_REQUEST.subarray(8, 20);
  t.same(decodeBindingAnswer(SAMPLE_IPV4_RESPONSE, transactionId), {
    kind: 'success',
    address: '192.0.2.1',
    family: 4,
    port: 32853,
    fingerprint: true,
  });
  t.same(decodeBindingAnswer(SAMPLE_IPV6_RESPONSE, transactionId), {
    kind: 'success',
    address: '2001:db8:1234:5678:11:2233:4455:6677',
    family: 6,
    port: 32853,
    fingerprint: true,
  });
  t.end();
});

t.test('[STUN-6] the RFC 5769 request with long-term credentials is understood', (t) => {
  t.same(unknownOf(SAMPLE_LONG_TERM_REQUEST), ['request']);
  t.end();
});

t.test('[STUN-6] what follows MESSAGE-INTEGRITY is ignored, FINGERPRINT is not', (t) => {
  const integrity = attribute(0x0008, new Uint8Array(20));
  const required = attribute(0x0024, new Uint8Array(4));
  t.same(unknownOf(message(integrity, required)), ['request']);
  t.same(unknownOf(message(attribute(0x001c, new Uint8Array(32)), required)), ['request']);
  const signed = withFingerprint(message(integrity, required));
  t.equal(judge(signed), 'request');
  signed[signed.length - 1]! ^= 1;
  t.equal(judge(signed), 'bad-fingerprint');
  t.end();
});

t.test('[STUN-2] [STUN-3] [STUN-4] what is no sound Binding request is refused', (t) => {
  const plain = message();
  const set = (bytes: Uint8Array, at: number, value: number) => {
    const copy = bytes.slice();
    copy[at] = value;
    return copy;
  };
  const required = attribute(0x0024, new Uint8Array(4));
  const long = message(attribute(0x8022, new Uint8Array(65_000)));
  const table: [string, Uint8Array, string][] = [
    ['an empty datagram', new Uint8Array(0), 'not-stun'],
    ['half a header', plain.subarray(0, 19), 'not-stun'],
    ['a wrong magic cookie', set(plain, 4, 0x20), 'not-stun'],
    ['the first bits of DTLS or RTP', set(plain, 0, 0x80), 'not-stun'],
    ['64 KiB of zeros', new Uint8Array(65_507), 'not-stun'],
    ['64 KiB with a right header', long, 'too-long'],
    ['an unpadded length', set(message(required), 3, 7), 'malformed'],
    ['a length beyond the datagram', set(plain, 3, 4), 'malformed'],
    ['bytes behind the message', set(message(required), 3, 0), 'malformed'],
    ['an attribute cut off', message(required.subarray(0, 4)), 'malformed'],
    ['an over-long attribute', set(message(required), 23, 5), 'malformed'],
    ['an attribute of 65,535 bytes', message(fromHex('8022ffff00000000')), 'malformed'],
    ['129 attributes', message(...Array(129).fill(fromHex('80220000'))), 'too-many-attributes'],
    ['MESSAGE-INTEGRITY of 4 bytes', message(attribute(0x0008, new Uint8Array(4))), 'malformed'],
    ['MI-SHA256 of 36 bytes', message(attribute(0x001c, new Uint8Array(36))), 'malformed'],
    ['FINGERPRINT of 0 bytes', message(fromHex('80280000')), 'malformed'],
    ['a wrong FINGERPRINT', message(fromHex('8028000400000000')), 'bad-fingerprint'],
    ['two FINGERPRINTs', withFingerprint(withFingerprint(plain)), 'bad-fingerprint'],
    ['a success response', SAMPLE_IPV4_RESPONSE, 'not-a-binding-request'],
    ['an error response', set(set(plain, 0, 1), 1, 0x11), 'not-a-binding-request'],
    ['an indication', set(plain, 1, 0x11), 'not-a-binding-request'],
    ['a TURN Allocate request', set(plain, 1, 3), 'not-a-binding-request'],
  ];
  for (const [name, bytes, verdict] of table) t.equal(judge(bytes), verdict, name);
  t.end();
});

t.test('[STUN-5] an attribute behind a right FINGERPRINT is refused', (t) => {
  const signed = Buffer.concat([withFingerprint(message(), 12), fromHex('80220000')]);
  t.equal(judge(signed), 'malformed');
  t.end();
});

t.test('[STUN-4] 128 attributes, unpadded content and strange padding are accepted', (t) => {
  t.equal(judge(message(...Array(128).fill(fromHex('80220000')))), 'request');
  t.equal(judge(message(fromHex('8022000161ffffff'))), 'request');
  t.equal(judge(message()), 'request');
  t.end();
});

t.test('[STUN-7] unknown required attributes are listed once each in a 420 answer', (t) => {
  const unknown = (type: number) => attribute(type, new Uint8Array(0));
  const request = message(unknown(0x7fff), unknown(0x0003), unknown(0x8abc), unknown(0x7fff));
  const answer = answerTo(request);
  t.same(decodeBindingAnswer(answer, TRANSACTION_ID), {
    kind: 'error',
    code: 420,
    unknown: [0x7fff, 0x0003],
  });
  t.equal(
    Buffer.from(answer).toString('hex'),
    `011100242112a442${Buffer.from(TRANSACTION_ID).toString('hex')}` +
      `0009001500000414${Buffer.from('Unknown Attribute').toString('hex')}000000000a00047fff0003`,
  );
  t.end();
});

t.test('[STUN-7] a 420 answer is at most 32 bytes longer than its request', (t) => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 0x0100, max: 0x7fff }), { minLength: 1, maxLength: 127 }),
      fc.boolean(),
      (types, signed) => {
        const plain = message(...types.map((type) => attribute(type, new Uint8Array(0))));
        const request = signed ? withFingerprint(plain) : plain;
        const found = createBindingRequest();
        const into = new Uint8Array(ANSWER_BYTES_MAX);
        if (decodeBindingRequest(request, found) !== 'request') return false;
        const length = encodeUnknownAttributes(into, request, found);
        const answer = decodeBindingAnswer(into.subarray(0, length), TRANSACTION_ID);
        return (
          length <= request.length + 32 &&
          answer.kind === 'error' &&
          answer.unknown.join() === types.join()
        );
      },
    ),
  );
  t.pass('the property holds');
  t.end();
});

t.test(
  '[STUN-8] a success answer has 32 or 44 bytes, 8 more with FINGERPRINT, and round-trips',
  (t) => {
    const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
    fc.assert(
      fc.property(
        fc.oneof(bytes(4), bytes(16)),
        fc.integer({ min: 0, max: 65_535 }),
        bytes(12),
        fc.boolean(),
        (address, port, transactionId, fingerprint) => {
          const request = encodeBindingRequest(transactionId, { fingerprint });
          const found = createBindingRequest();
          const into = new Uint8Array(ANSWER_BYTES_MAX);
          if (decodeBindingRequest(request, found) !== 'request') return false;
          const length = encodeBindingSuccess(into, request, found, sourceOf(address, port));
          const answer = decodeBindingAnswer(into.subarray(0, length), transactionId);
          return (
            length === (address.length === 4 ? 32 : 44) + (fingerprint ? 8 : 0) &&
            answer.kind === 'success' &&
            answer.fingerprint === fingerprint &&
            answer.port === port &&
            answer.address === formatIpAddress(address)
          );
        },
      ),
    );
    t.end();
  },
);

t.test('[STUN-13] a client ignores what is not its answer', (t) => {
  const right = answerTo(message());
  const asSuccess = (...attributes: Uint8Array[]) => {
    const bytes = message(...attributes);
    bytes.set([1, 1]);
    return bytes;
  };
  const address = xorAddress('0001', 8);
  t.equal(decodeBindingAnswer(right, TRANSACTION_ID).kind, 'success');
  const table: [string, Uint8Array][] = [
    ['its own request', message()],
    ['another transaction', right.map((byte, at) => (at === 19 ? byte ^ 1 : byte))],
    ['no address', asSuccess()],
    ['an unknown required attribute', asSuccess(address, attribute(0x0024, new Uint8Array(4)))],
    ['an address of another family', asSuccess(xorAddress('0003', 8))],
    ['an IPv6 address of 4 bytes', asSuccess(xorAddress('0002', 8))],
    ['a wrong FINGERPRINT', asSuccess(address, fromHex('8028000400000000'))],
    ['something behind FINGERPRINT', withFingerprint(withFingerprint(asSuccess(address)))],
    ['a truncated attribute', asSuccess(address.subarray(0, 8))],
    ['an error without its code', message().map((byte, at) => (at < 2 ? [1, 0x11][at]! : byte))],
  ];
  for (const [name, bytes] of table) {
    t.same(decodeBindingAnswer(bytes, TRANSACTION_ID), { kind: 'ignored' }, name);
  }
  t.end();
});

t.test('no bytes make the decoders throw', (t) => {
  const samples = [SAMPLE_REQUEST, SAMPLE_IPV4_RESPONSE, SAMPLE_IPV6_RESPONSE, message()];
  const anything = fc.uint8Array({ maxLength: 200 });
  const damaged = fc
    .tuple(fc.constantFrom(...samples), fc.nat(), fc.integer({ min: 0, max: 255 }), fc.nat())
    .map(([sample, at, value, cut]) => {
      const bytes = sample.slice(0, sample.length - (cut % 3 === 0 ? cut % 24 : 0));
      bytes[at % sample.length] = value;
      bytes[3] = value % 2 === 0 ? bytes.length - 20 : bytes[3]!;
      return bytes;
    });
  const headed = anything.map((bytes) => message(bytes.subarray(0, bytes.length & ~3)));
  fc.assert(
    fc.property(fc.oneof(anything, damaged, headed), (bytes) => {
      judge(bytes);
      decodeBindingAnswer(bytes, SAMPLE_REQUEST.subarray(8, 20));
      decodeBindingAnswer(
        bytes.map((byte, at) => (at < 2 ? 1 : byte)),
        TRANSACTION_ID,
      );
    }),
    { numRuns: 2000 },
  );
  t.pass('2,000 random and damaged messages were read');
  t.end();
});

t.test('[STUN-1] an address means the same as text and as bytes', (t) => {
  const into = new Uint8Array(16);
  const parsed = (text: string) => {
    const length = parseIpAddress(text, into);
    return length === 0 ? '' : formatIpAddress(into.subarray(0, length));
  };
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
      const canonical = parsed(text);
      const url = canonical.includes(':')
        ? new URL(`http://[${text}]`).hostname.slice(1, -1)
        : text;
      return (
        isIP(canonical) !== 0 &&
        parsed(canonical) === canonical &&
        (canonical === url || isMapped(text))
      );
    }),
    { numRuns: 1000 },
  );
  t.pass('the property holds');
  t.equal(parsed('::ffff:192.0.2.7'), '192.0.2.7');
  t.equal(parsed('fe80::1%eth0'), 'fe80::1');
  t.equal(parsed('1:0:0:2::'), '1:0:0:2::');
  t.end();
});

function isMapped(text: string): boolean {
  return new URL(`http://[${text}]`).hostname.startsWith('[::ffff:');
}

t.test('[STUN-1] what is no address is refused as Node refuses it', (t) => {
  const chars = fc.constantFrom(...'0123456789abf:.::::..');
  const texts = fc.array(chars, { maxLength: 45 }).map((list) => list.join(''));
  fc.assert(
    fc.property(texts, (text) => {
      const bytes = parseIpAddress(text, new Uint8Array(16));
      return (bytes !== 0) === (isIP(text) !== 0);
    }),
    { numRuns: 3000 },
  );
  t.pass('the property holds');
  for (const text of ['', '1.2.3', '1.2.3.4.5', '01.2.3.4', '256.1.1.1', ':', ':::', '1::2::3']) {
    t.equal(parseIpAddress(text, new Uint8Array(16)), 0, `"${text}"`);
  }
  t.end();
});
