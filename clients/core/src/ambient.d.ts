// The platform types that the engine may use although it compiles with no library but the
// language's own. WebCrypto's keys stand in webcrypto/keys.d.ts, since Node's types lack only those.

declare class TextEncoder {
  encode(text: string): Uint8Array<ArrayBuffer>;
}

declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean });
  decode(bytes: Uint8Array): string;
}
