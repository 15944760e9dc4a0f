import type { SignatureCheck } from '@rockpool/protocol';
import { createTestKey, signatureShellSuite } from '@rockpool/protocol/testing';
import fc from 'fast-check';
import t from 'tap';
import { createSignatureVerifier } from '../src/index.ts';

t.test('[AUTH-1] signatures by node:crypto', async (t) =>
  signatureShellSuite(t, createSignatureVerifier({ cacheEntriesMax: 0 })),
);

t.test('[AUTH-1] signatures by node:crypto, with remembered verdicts', async (t) =>
  signatureShellSuite(t, createSignatureVerifier()),
);

t.test('[AUTH-1] a full memory forgets the oldest and still tells true from false', (t) => {
  const verify = createSignatureVerifier({ cacheEntriesMax: 2 });
  const checks = Array.from({ length: 5 }, (_, i): SignatureCheck => {
    const key = createTestKey();
    const message = Uint8Array.of(i);
    return { kind: 'p256', point: key.point, message, signature: key.sign(message) };
  });
  for (let round = 0; round < 3; round++) {
    for (const check of checks) {
      t.equal(verify([check]), true);
      t.equal(verify([{ ...check, message: Uint8Array.of(99) }]), false);
    }
  }
  t.end();
});

t.test('[AUTH-1] no bytes make the verifier throw, or hold by chance', (t) => {
  const verify = createSignatureVerifier();
  const bytes = fc.uint8Array({ maxLength: 100 });
  const p256 = fc.record({
    kind: fc.constant('p256' as const),
    point: fc.oneof(bytes, fc.uint8Array({ minLength: 65, maxLength: 65 })),
    message: bytes,
    signature: fc.oneof(bytes, fc.uint8Array({ minLength: 64, maxLength: 64 })),
  });
  const cose = fc.record({
    kind: fc.constant('cose' as const),
    key: bytes,
    message: bytes,
    signature: bytes,
  });
  fc.assert(fc.property(fc.oneof(p256, cose), (check) => !verify([check])));
  t.end();
});
