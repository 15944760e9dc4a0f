// Is this a P-256 point? (SEC 1 section 2.3.4, uncompressed form.) Platforms differ in when they
// refuse a bad point; a chain must be read alike everywhere, so points are checked here.

import { type Bytes, toHex } from '../encoding/bytes.ts';

const P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;

/** 65 bytes, 0x04, both coordinates below the prime, on the curve y^2 = x^3 - 3x + b. */
export function isP256Point(point: Bytes): boolean {
  if (point.length !== 65 || point[0] !== 4) return false;
  const x = BigInt(`0x${toHex(point.subarray(1, 33))}`);
  const y = BigInt(`0x${toHex(point.subarray(33))}`);
  if (x >= P || y >= P) return false;
  return (y * y - (x * x * x - 3n * x + B)) % P === 0n;
}
