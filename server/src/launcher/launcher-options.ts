// `npm start -- …`

import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

export interface LauncherOptions {
  readonly nodes: 1 | 3;
  readonly port: number;
  readonly dataDir: string;
  readonly fresh: boolean;
  readonly demo: boolean;
}

export const LAUNCHER_USAGE = [
  'npm start -- [--nodes 1|3] [--port PORT] [--data DIR] [--fresh] [--demo]',
  '',
  '  --nodes N    nodes on this machine: 3 (default), or 1',
  '  --port PORT  where people open Rockpool: 8080 by default',
  '  --data DIR   where the data lies: .data in this repository by default',
  '  --fresh      deletes that data first',
  '  --demo       opens two browser windows as two people, with virtual passkeys',
].join('\n');

export type LauncherOptionsResult =
  | { readonly kind: 'options'; readonly options: LauncherOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly why: string };

export function readLauncherOptions(args: readonly string[], root: string): LauncherOptionsResult {
  const wrong = (why: string): LauncherOptionsResult => ({ kind: 'wrong', why });
  try {
    const { values } = parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: false,
      options: {
        nodes: { type: 'string', default: '3' },
        port: { type: 'string', default: '8080' },
        data: { type: 'string', default: join(root, '.data') },
        fresh: { type: 'boolean', default: false },
        demo: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return { kind: 'help' };
    const nodes = values.nodes === '1' ? 1 : values.nodes === '3' ? 3 : undefined;
    if (nodes === undefined) return wrong('--nodes is 1 or 3');
    const port = /^\d{1,5}$/.test(values.port) ? Number(values.port) : 0;
    if (port < 1 || port > 65_535) return wrong('--port is a number from 1 to 65535');
    const dataDir = resolve(values.data);
    const { fresh, demo } = values;
    return { kind: 'options', options: { nodes, port, dataDir, fresh, demo } };
  } catch (error) {
    return wrong(error instanceof Error ? error.message : 'these options are not known');
  }
}
