// `turn:` URLs as nodes tell them (RFC 7065). The native library speaks UDP to TURN servers and nothing else.

const TURN_URL =
  /^turn:(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9.-]{1,253}))(?::(\d{1,5}))?(?:\?transport=udp)?$/;
/** Where the URL names none. */
const TURN_PORT = 3478;

export interface TurnHost {
  readonly hostname: string;
  readonly port: number;
}

/** Undefined for what is no server for a desktop. */
export function parseTurnUrl(url: string): TurnHost | undefined {
  const [, address, name, port] = TURN_URL.exec(url) ?? [];
  const hostname = address ?? name;
  return hostname === undefined
    ? undefined
    : { hostname, port: Number(port ?? TURN_PORT) & 0xffff };
}
