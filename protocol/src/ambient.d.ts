// The two platform classes that browsers and Node share and that the pure room may use. Declared
// here because this package compiles with no library but the language's own.

declare class TextEncoder {
  encode(text: string): Uint8Array<ArrayBuffer>;
}

declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean });
  decode(bytes: Uint8Array): string;
}
