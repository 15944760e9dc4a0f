// What the demo may be started with. Its passkeys have no secret worth the name, so it only ever opens pages of
// this machine.
import { parseArgs } from 'node:util';

/** Where the demo plays, and the link that makes its first account. */
export interface DemoOptions {
  readonly origin: string;
  readonly link: string;
}

/** Options, or in words why the demo cannot begin. */
export function readDemoOptions(args: readonly string[]): DemoOptions | string {
  const { origin, link } = parse(args);
  if (origin === undefined) {
    return 'The demo wants --origin URL and --link FIRST_ADMIN_LINK; npm start -- --demo gives both.';
  }
  if (!isLocal(origin)) {
    return 'The demo uses virtual passkeys, which anybody could copy: it only opens http://localhost.';
  }
  if (link === undefined) {
    return 'The demo begins with an empty Rockpool, and this one has its administrator: add --fresh, or --data with another directory.';
  }
  if (URL.parse(link)?.origin !== URL.parse(origin)?.origin) {
    return 'The link leads to another place than the demo’s origin.';
  }
  return { origin: new URL(origin).origin, link };
}

function parse(args: readonly string[]): Partial<DemoOptions> {
  try {
    const options = { origin: { type: 'string' }, link: { type: 'string' } } as const;
    return parseArgs({ args: [...args], options }).values;
  } catch {
    return {};
  }
}

function isLocal(origin: string): boolean {
  const url = URL.parse(origin);
  return url?.protocol === 'http:' && url.hostname === 'localhost';
}
