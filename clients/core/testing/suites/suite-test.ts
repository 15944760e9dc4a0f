// The part of a test runner that the suites need. Tap's tests have it, and so has the page that runs the
// suites in a browser.

export interface SuiteTest {
  test(name: string, run: (t: SuiteTest) => Promise<void>): unknown;
  ok(found: unknown, ...what: [] | [string]): unknown;
  equal(found: unknown, wanted: unknown, ...what: [] | [string]): unknown;
  same(found: unknown, wanted: unknown, ...what: [] | [string]): unknown;
}

const PATIENCE_MS = 30_000;

/** The same promise, which fails with words instead of waiting for ever. */
export async function soon<T>(what: string, promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`never happened: ${what}`)), PATIENCE_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Whether a promise is refused; a suite does not care for the reason. */
export function isRefused(promise: Promise<unknown>): Promise<boolean> {
  return promise.then(
    () => false,
    () => true,
  );
}

/** Bytes that differ from place to place and from seed to seed. */
export function pattern(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = (at * 31 + (at >> 8) * 7 + seed) & 0xff;
  return bytes;
}

export function isEqual(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && a.length === b.length && a.every((byte, at) => byte === b[at]);
}
