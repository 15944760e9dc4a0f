// Where a request at the front door goes. Pure.

export type FrontDoorRoute =
  /** WebAuthn works on the name localhost only, so addresses are sent there. */
  | { readonly kind: 'redirect'; readonly location: string }
  /** Neither localhost nor a loopback address: a name that somebody pointed at this machine. */
  | { readonly kind: 'foreign' }
  | { readonly kind: 'node'; readonly name: string; readonly path: string }
  | { readonly kind: 'any'; readonly path: string };

const NODE_PATH = /^\/n\/([A-Za-z0-9-]{1,16})(\/.*)?$/s;

export function routeRequest(
  host: string | undefined,
  url: string,
  publicPort: number,
): FrontDoorRoute {
  const name = hostName(host ?? 'localhost');
  // An absolute path only: "//evil.example" would be another origin in a Location header.
  const path = `/${url.replace(/^\/+/, '')}`;
  if (isLoopbackAddress(name)) {
    return { kind: 'redirect', location: `http://localhost:${publicPort}${path}` };
  }
  if (name !== 'localhost' && !name.endsWith('.localhost')) return { kind: 'foreign' };
  const node = NODE_PATH.exec(path);
  if (node?.[1] === undefined) return { kind: 'any', path };
  return { kind: 'node', name: node[1], path: node[2] ?? '/' };
}

function hostName(host: string): string {
  return host.replace(/:\d+$/, '').toLowerCase();
}

function isLoopbackAddress(name: string): boolean {
  return /^127\.\d+\.\d+\.\d+$/.test(name) || name === '[::1]';
}
