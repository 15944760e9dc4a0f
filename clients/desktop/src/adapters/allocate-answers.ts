// A TURN server refuses the first Allocate of everybody, to say which realm and nonce belong to the next (RFC 8489, 9.2). It
// refuses each copy of it, too. The native library sends one after half a second, takes a second refusal for one of
// its credentials, and gives up the server: where the first answer took that long, there would be no relay. So it
// hears one refusal of that request only.

const ALLOCATE_REQUEST = 0x0003;
const ALLOCATE_REFUSAL = 0x0113;

export class AllocateAnswers {
  #first: Buffer | undefined;
  /** Copies of the first request that a server answers as well. */
  #copies = 0;
  #isAnswered = false;

  /** This datagram goes to the server. */
  asked(datagram: Buffer): void {
    if (typeOf(datagram) !== ALLOCATE_REQUEST) return;
    if (this.#first === undefined) this.#first = datagram;
    else if (this.#first.equals(datagram)) this.#copies += 1;
  }

  /** Whether the library is to hear this datagram of the server. */
  isNews(datagram: Buffer): boolean {
    if (typeOf(datagram) !== ALLOCATE_REFUSAL) return true;
    if (this.#isAnswered && this.#copies > 0) {
      this.#copies -= 1;
      return false;
    }
    this.#isAnswered = true;
    return true;
  }
}

function typeOf(datagram: Buffer): number {
  return datagram.length < 2 ? 0 : datagram.readUInt16BE(0);
}
