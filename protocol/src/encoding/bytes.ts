// Byte helpers that the platform lacks. Pure; no Buffer, so that browsers and Node share them.

export type Bytes = Uint8Array;

export function concatBytes(...parts: readonly Bytes[]): Bytes {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** Equality of public bytes. Not constant time: never for secrets. */
export function equalBytes(a: Bytes, b: Bytes): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Character codes of the hex digits. */
const HEX_DIGITS = Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));
/** Far below what a call may have arguments. */
const HEX_PIECE_BYTES = 1024;

/**
 * One flat string for an id: texts of this kind are kept by the thousand as keys of maps, where an engine would
 * keep 32 bytes for each character pair that was appended.
 */
export function toHex(bytes: Bytes): string {
  let text = '';
  for (let from = 0; from < bytes.length; from += HEX_PIECE_BYTES) {
    const to = Math.min(bytes.length, from + HEX_PIECE_BYTES);
    const codes = new Array<number>(2 * (to - from));
    for (let i = from; i < to; i++) {
      const byte = bytes[i] ?? 0;
      codes[2 * (i - from)] = HEX_DIGITS[byte >> 4] ?? 0;
      codes[2 * (i - from) + 1] = HEX_DIGITS[byte & 15] ?? 0;
    }
    text += String.fromCharCode.apply(null, codes);
  }
  return text;
}

/** Undefined unless the text is an even number of lower-case hex digits. */
export function fromHex(text: string): Bytes | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/.test(text)) return undefined;
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  }
  return bytes;
}

export function utf8(text: string): Bytes {
  return new TextEncoder().encode(text);
}
