// Who may import whom. One row per room; a file belongs to the room with the longest matching path. The
// table in ARCHITECTURE.md says the same for people.
import { type ImportLine, importsOf, packageOf, resolveRelative } from './imports.ts';
import {
  type Finding,
  isTestCode,
  isTypeScript,
  type RepositoryFile,
  type Rule,
} from './repository.ts';

interface Room {
  /** Folder or file the row speaks of. */
  readonly path: string;
  /** Folders or files it may reach by a relative path. */
  readonly files: readonly string[];
  /** Packages by name, ours and foreign; 'any' where package.json alone decides. */
  readonly packages: readonly string[] | 'any';
  /** May it use Node's own modules? */
  readonly node: boolean;
}

const TEST_PACKAGES = ['tap', 'fast-check'];
const PROTOCOL = '@rockpool/protocol';
const CLI = '@rockpool/cli';
const STORAGE = '@rockpool/storage';
const PROTOCOL_NPM = ['cborg', '@noble/hashes'];

const WEB_PACKAGES = [
  PROTOCOL,
  '@rockpool/client-core',
  '@tanstack/react-virtual',
  'idb',
  'lucide-react',
  'react',
  'react-dom',
  'uqr',
];

/** The import table that this repository keeps. */
const ROOMS: readonly Room[] = [
  { path: 'protocol/src', files: ['protocol/src'], packages: PROTOCOL_NPM, node: false },
  {
    path: 'protocol/testing',
    files: ['protocol'],
    packages: [...PROTOCOL_NPM, ...TEST_PACKAGES],
    node: true,
  },
  { path: 'protocol/test', files: ['protocol'], packages: 'any', node: true },

  { path: 'storage/src', files: ['storage/src'], packages: ['classic-level'], node: true },
  { path: 'storage/test', files: ['storage'], packages: TEST_PACKAGES, node: true },

  { path: 'cluster/src/core', files: ['cluster/src/core'], packages: [], node: false },
  { path: 'cluster/src', files: ['cluster/src'], packages: [STORAGE, 'selfsigned'], node: true },
  {
    path: 'cluster/testing',
    files: ['cluster'],
    packages: [STORAGE, ...TEST_PACKAGES],
    node: true,
  },
  { path: 'cluster/test', files: ['cluster'], packages: [STORAGE, ...TEST_PACKAGES], node: true },

  {
    path: 'auth/src',
    files: ['auth/src'],
    packages: [PROTOCOL, '@simplewebauthn/server'],
    node: true,
  },
  { path: 'auth/test', files: ['auth'], packages: 'any', node: true },

  { path: 'stun/src/codec', files: ['stun/src/codec'], packages: [], node: false },
  { path: 'stun/src', files: ['stun/src'], packages: ['koffi'], node: true },
  { path: 'stun/test', files: ['stun'], packages: [...TEST_PACKAGES, 'stun'], node: true },

  {
    path: 'server/src/directory',
    files: ['server/src/directory'],
    packages: [PROTOCOL],
    node: false,
  },
  {
    path: 'server/src',
    files: ['server/src'],
    packages: [
      PROTOCOL,
      CLI,
      '@rockpool/auth',
      '@rockpool/cluster',
      '@rockpool/stun',
      '@fastify/static',
      '@fastify/websocket',
      'fastify',
      'httpxy',
      'prom-client',
      'rate-limiter-flexible',
      'ws',
    ],
    node: true,
  },
  { path: 'server/test', files: ['server'], packages: 'any', node: true },

  {
    path: 'clients/core/src',
    files: ['clients/core/src'],
    packages: [PROTOCOL, '@hpke/core'],
    node: false,
  },
  { path: 'clients/core/testing', files: ['clients/core'], packages: 'any', node: true },
  { path: 'clients/core/test', files: ['clients/core'], packages: 'any', node: true },
  { path: 'clients/web/src', files: ['clients/web/src'], packages: WEB_PACKAGES, node: false },
  {
    // The screens with made-up people, for whoever designs them.
    path: 'clients/web/gallery',
    files: ['clients/web/gallery', 'clients/web/src'],
    packages: WEB_PACKAGES,
    node: false,
  },
  { path: 'clients/web/test', files: ['clients/web'], packages: 'any', node: true },
  {
    path: 'clients/web/vite.config.ts',
    files: ['clients/web'],
    packages: ['vite', '@vitejs/plugin-react'],
    node: true,
  },

  {
    path: 'clients/desktop/src',
    files: ['clients/desktop/src'],
    packages: [
      PROTOCOL,
      STORAGE,
      CLI,
      '@rockpool/stun',
      '@rockpool/client-core',
      '@napi-rs/keyring',
      'node-datachannel',
      'uqr',
      'ws',
    ],
    node: true,
  },
  { path: 'clients/desktop/testing', files: ['clients/desktop'], packages: 'any', node: true },
  { path: 'clients/desktop/test', files: ['clients/desktop'], packages: 'any', node: true },

  { path: 'cli/src', files: ['cli/src'], packages: [], node: true },
  { path: 'cli/test', files: ['cli'], packages: 'any', node: true },
  // The command itself: it alone knows both the server's commands and the device's.
  {
    path: 'bin',
    files: ['bin'],
    packages: [CLI, '@rockpool/desktop', '@rockpool/server'],
    node: true,
  },

  { path: 'e2e', files: ['e2e'], packages: 'any', node: true },
  { path: 'bench', files: ['bench'], packages: 'any', node: true },
  // The generators read the tables they document; those stand alone, so this works while the rest is broken.
  {
    path: 'tools',
    files: [
      'tools',
      'clients/core/src/client-errors.ts',
      'clients/desktop/src/agent-errors.ts',
      'cluster/src/node-error.ts',
      'protocol/src/errors.ts',
      'protocol/src/limits.ts',
      'server/src/operator-errors.ts',
      'stun/src/stun-error.ts',
    ],
    packages: TEST_PACKAGES,
    node: true,
  },
];

const OUR_ENTRY = /^@rockpool\/[a-z0-9-]+(\/(testing|suites|cli))?$/;

/** Imports follow the table, and our packages are entered only by their doors. */
export const importDirections: Rule = {
  name: 'imports follow the table of rooms',
  check: (files) => files.filter((file) => isTypeScript(file.path)).flatMap(checkFile),
};

function checkFile(file: RepositoryFile): Finding[] {
  const room = roomOf(file.path);
  if (!room) {
    return [
      {
        path: file.path,
        line: 1,
        what: 'the file stands in no room of the import table',
        remedy:
          'move it, or add its folder to ROOMS in tools/rules/import-directions.ts and to ARCHITECTURE.md',
      },
    ];
  }
  return importsOf(file).flatMap((line) => {
    const what = objection(file.path, room, line);
    if (what === undefined) return [];
    return [
      {
        path: file.path,
        line: line.line,
        what,
        remedy:
          'take it through a port, or move the code to a room that may have it (table in ARCHITECTURE.md)',
      },
    ];
  });
}

function roomOf(path: string): Room | undefined {
  return ROOMS.filter((room) => isUnder(path, room.path)).sort(
    (a, b) => b.path.length - a.path.length,
  )[0];
}

function objection(from: string, room: Room, { specifier }: ImportLine): string | undefined {
  const target = resolveRelative(from, specifier);
  if (target !== undefined) {
    if (room.files.some((allowed) => isUnder(target, allowed))) return undefined;
    return `${room.path} may not import ${target}`;
  }
  if (specifier.startsWith('node:')) {
    return room.node ? undefined : `${room.path} may not import ${specifier}`;
  }
  if (specifier.startsWith('@rockpool/')) {
    if (!OUR_ENTRY.test(specifier)) return `${specifier} reaches past the package's entry`;
    if (/\/(testing|suites)$/.test(specifier) && !isTestCode(from)) {
      return `${specifier} is for tests only`;
    }
  }
  const allowed = room.packages === 'any' || room.packages.includes(packageOf(specifier));
  return allowed ? undefined : `${room.path} may not import ${specifier}`;
}

function isUnder(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
