// What a page says to servers, as it leaves the page: requests, and frames of WebSockets before TLS or any
// proxy. Data channels to other devices are not among it.
import type { Page } from 'playwright-core';

/** Far more than journeys cause; a page that says more is wrong by itself. */
const WIRE_BYTES_MAX = 32 * 1024 * 1024;

/** Everything that a page has sent to servers since it was opened. */
export class Wire {
  readonly #sent: Buffer[] = [];
  #bytes = 0;

  constructor(page: Page) {
    page.on('request', (request) => {
      // A fragment stays in the browser.
      const [url = ''] = request.url().split('#');
      this.#take(url, JSON.stringify(request.headers()), request.postDataBuffer() ?? '');
    });
    page.on('websocket', (socket) => {
      this.#take(socket.url());
      socket.on('framesent', ({ payload }) => this.#take(payload));
    });
  }

  get sent(): Buffer {
    if (this.#bytes > WIRE_BYTES_MAX) throw new Error(`${this.#bytes} bytes went to servers`);
    return Buffer.concat(this.#sent);
  }

  #take(...parts: readonly (string | Buffer)[]): void {
    for (const part of parts) {
      this.#bytes += part.length;
      if (this.#bytes <= WIRE_BYTES_MAX) this.#sent.push(Buffer.from(part));
    }
  }
}
