// Reads a QR code off the page as a phone's camera would: only what is drawn is known.
import type { Locator } from 'playwright-core';
import { decodeQR } from 'qr/decode.js';

const PIXELS_PER_MODULE = 4;
const BYTES_PER_PIXEL = 4;
const MODULE = /M(\d+) (\d+)h1v1h-1z/g;

/** What the QR code in this picture says. */
export async function readQrCode(picture: Locator): Promise<string> {
  const [, , size] = ((await picture.getAttribute('viewBox')) ?? '').split(' ').map(Number);
  const drawn = await picture.locator('path').getAttribute('d');
  if (size === undefined || drawn === null) throw new Error('there is no QR code');
  const width = size * PIXELS_PER_MODULE;
  const data = new Uint8Array(width * width * BYTES_PER_PIXEL).fill(255);
  for (const [, x, y] of drawn.matchAll(MODULE)) {
    blacken(data, width, Number(x) * PIXELS_PER_MODULE, Number(y) * PIXELS_PER_MODULE);
  }
  return decodeQR({ width, height: width, data });
}

function blacken(data: Uint8Array, width: number, left: number, top: number): void {
  for (let y = top; y < top + PIXELS_PER_MODULE; y += 1) {
    for (let x = left; x < left + PIXELS_PER_MODULE; x += 1) {
      const at = (y * width + x) * BYTES_PER_PIXEL;
      data.fill(0, at, at + BYTES_PER_PIXEL - 1);
    }
  }
}
