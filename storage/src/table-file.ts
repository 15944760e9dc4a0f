// Whether a table file of LevelDB is as it was written. LevelDB ends every block with a CRC-32C and does
// not check it when it reads (its verify_checksums is out of reach here), so that one flipped bit in a
// key, an index or a filter makes a row vanish, which no checksum inside a value can show. Format: blocks
// one after the other, each followed by type u8 | masked CRC-32C u32; then a footer of 48 bytes with the
// places of the last two, the meta index and the index (LevelDB's doc/table_format.md).

const FOOTER_BYTES = 48;
const TRAILER_BYTES = 5;
const MAGIC = 0xdb4775248b80fb57n;
const MASK_DELTA = 0xa282ead8;
const UNCOMPRESSED = 0;
/** Castagnoli's polynomial, reflected. */
const POLYNOMIAL = 0x82f63b78;

interface Handle {
  readonly at: number;
  readonly length: number;
}

/** 'version' is a table whose index is compressed, which this program never writes. */
export type TableVerdict = 'whole' | 'damaged' | 'version';

/** The blocks must cover the file without a gap, and each must match its checksum. */
export function judgeTable(file: Uint8Array): TableVerdict {
  const end = file.length - FOOTER_BYTES;
  if (end < 0) return 'damaged';
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (view.getBigUint64(file.length - 8, true) !== MAGIC) return 'damaged';
  const footer = new Cursor(file, end, file.length - 8);
  const metaIndex = footer.handle();
  const index = footer.handle();
  if (metaIndex === undefined || index === undefined) return 'damaged';
  for (const { at, length } of [metaIndex, index]) {
    if (!isBlockWhole(file, { at, length }, end)) return 'damaged';
    if (file[at + length] !== UNCOMPRESSED) return 'version';
  }
  const blocks = [handlesIn(file, index), handlesIn(file, metaIndex), [metaIndex, index]];
  let covered = 0;
  for (const handles of blocks) {
    if (handles === undefined) return 'damaged';
    for (const handle of handles) {
      if (handle.at !== covered || !isBlockWhole(file, handle, end)) return 'damaged';
      covered += handle.length + TRAILER_BYTES;
    }
  }
  return covered === end ? 'whole' : 'damaged';
}

function isBlockWhole(file: Uint8Array, { at, length }: Handle, end: number): boolean {
  if (at + length + TRAILER_BYTES > end) return false;
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const crc = crc32c(file.subarray(at, at + length + 1));
  const masked = (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0;
  return view.getUint32(at + length + 1, true) === masked;
}

/** The values of an index block: places of other blocks, in the order of the file. */
function handlesIn(file: Uint8Array, { at, length }: Handle): readonly Handle[] | undefined {
  const end = at + length;
  if (length < 4) return undefined;
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const entriesEnd = end - 4 - 4 * view.getUint32(end - 4, true);
  if (entriesEnd < at) return undefined;
  const handles: Handle[] = [];
  const cursor = new Cursor(file, at, entriesEnd);
  while (cursor.left > 0) {
    cursor.varint();
    const keyBytes = cursor.varint();
    const valueBytes = cursor.varint();
    cursor.skip(keyBytes);
    const valueEnd = cursor.left - valueBytes;
    const handle = cursor.handle();
    if (handle === undefined || cursor.left !== valueEnd) return undefined;
    handles.push(handle);
  }
  return handles;
}

/** Reads varints; past the end it turns bad and has nothing left. */
class Cursor {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;
  #bad = false;

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.#bytes = bytes;
    this.#at = at;
    this.#end = end;
  }

  get left(): number {
    return this.#bad ? 0 : this.#end - this.#at;
  }

  handle(): Handle | undefined {
    const at = this.varint();
    const length = this.varint();
    return this.#bad ? undefined : { at, length };
  }

  /** LEB128, at most 2^49: no place in a file is beyond. */
  varint(): number {
    let value = 0;
    for (let factor = 1; factor < 2 ** 49; factor *= 128) {
      const byte = this.left > 0 ? (this.#bytes[this.#at] ?? 0) : undefined;
      if (byte === undefined) break;
      this.#at += 1;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    this.#bad = true;
    return 0;
  }

  skip(bytes: number): void {
    if (bytes > this.left) this.#bad = true;
    else this.#at += bytes;
  }
}

/** Four tables, so that four bytes are taken at a time. */
const EMPTY = new Uint32Array(0);
const TABLES: readonly Uint32Array[] = makeTables();

function makeTables(): Uint32Array[] {
  const first = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1)
      crc = (crc & 1) === 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    first[byte] = crc >>> 0;
  }
  const tables = [first];
  for (let table = 1; table < 4; table += 1) {
    const former = tables[table - 1] ?? first;
    tables.push(former.map((crc) => ((first[crc & 0xff] ?? 0) ^ (crc >>> 8)) >>> 0));
  }
  return tables;
}

/** CRC-32C (RFC 3720, appendix B.4 has test vectors). */
export function crc32c(bytes: Uint8Array): number {
  const [t0 = EMPTY, t1 = EMPTY, t2 = EMPTY, t3 = EMPTY] = TABLES;
  let crc = 0xffffffff;
  let at = 0;
  for (; at + 4 <= bytes.length; at += 4) {
    crc ^=
      (bytes[at] ?? 0) |
      ((bytes[at + 1] ?? 0) << 8) |
      ((bytes[at + 2] ?? 0) << 16) |
      ((bytes[at + 3] ?? 0) << 24);
    crc =
      (t3[crc & 0xff] ?? 0) ^
      (t2[(crc >>> 8) & 0xff] ?? 0) ^
      (t1[(crc >>> 16) & 0xff] ?? 0) ^
      (t0[crc >>> 24] ?? 0);
  }
  for (; at < bytes.length; at += 1) crc = (t0[(crc ^ (bytes[at] ?? 0)) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
