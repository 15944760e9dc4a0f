// What every codec must stand: its own values come back, and no bytes make its decoder throw.

import fc from 'fast-check';

/** Values as text: a Buffer and a Uint8Array of equal content are equal. */
export function plain(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (Array.isArray(value)) return `[${value.map(plain).join()}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, field]) => `${name}:${plain(field)}`).join()}}`;
}

export function roundTrip<T>(
  test: { pass: (message: string) => unknown },
  values: fc.Arbitrary<T>,
  encode: (value: T) => Uint8Array,
  decode: (bytes: Uint8Array) => unknown,
): void {
  fc.assert(
    fc.property(values, (value) => plain(decode(encode(value))) === plain(value)),
    { numRuns: 200 },
  );
  fc.assert(
    fc.property(values, fc.nat(), (value, cut) => {
      const whole = encode(value);
      const shorter = whole.subarray(0, cut % whole.length);
      decode(shorter);
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (random) => {
      decode(random);
    }),
  );
  test.pass('round trip, every prefix and random bytes');
}
