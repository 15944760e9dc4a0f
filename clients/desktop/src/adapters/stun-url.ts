// `stun:` URLs as nodes tell them (RFC 7064). Anything else is no server for a desktop.

const STUN_URL = /^stun:(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9.-]{1,253}))(?::(\d{1,5}))?$/;
/** Where the URL names none (RFC 7064, section 3.2). */
const STUN_PORT = 3478;

export function parseStunUrl(url: string): { host: string; port: number } | undefined {
  const [, address, name, port] = STUN_URL.exec(url) ?? [];
  const host = address ?? name;
  return host === undefined ? undefined : { host, port: Number(port ?? STUN_PORT) & 0xffff };
}
