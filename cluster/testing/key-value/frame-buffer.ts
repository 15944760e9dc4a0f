// Cuts a stream into frames: bytes come in any pieces, whole frames go out.

export interface FrameShape {
  readonly headerBytes: number;
  readonly frameBytesMax: number;
  /** Bytes that follow this header. */
  bodyBytes(header: Buffer): number;
}

/** Answers the whole frames that each chunk completes. Throws on a frame that is too large. */
export function frameBuffer(shape: FrameShape): (chunk: Buffer) => readonly Buffer[] {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const frames: Buffer[] = [];
    let at = 0;
    while (bytes.length - at >= shape.headerBytes) {
      const length = shape.headerBytes + shape.bodyBytes(bytes.subarray(at));
      if (length > shape.frameBytesMax) throw new Error(`a frame of ${length} bytes`);
      if (bytes.length - at < length) break;
      frames.push(bytes.subarray(at, at + length));
      at += length;
    }
    rest = bytes.subarray(at);
    return frames;
  };
}
