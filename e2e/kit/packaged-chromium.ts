// The headless Chromium that comes as an npm package, for machines that have none of their own.
// The package unpacks into the temporary directory and takes whatever lies there already, even half a
// file of a second process; so a child unpacks into a directory of its own, which is then renamed.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const UNPACK_TIMEOUT_MS = 120_000;
const PACKAGE = '@sparticuz/chromium';
const FONTS = 'fonts';

/** Where the unpacked browser lies, and the libraries and fonts it needs. */
export interface PackagedChromium {
  readonly executablePath: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Unpacks the npm package's Chromium once per user and version; undefined where it has no build. */
export async function packagedChromium(): Promise<PackagedChromium | undefined> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  const directory = await unpacked();
  return {
    executablePath: join(directory, 'chromium'),
    env: {
      LD_LIBRARY_PATH: join(directory, 'al2023', 'lib'),
      FONTCONFIG_PATH: join(directory, FONTS),
    },
  };
}

async function unpacked(): Promise<string> {
  const owner = process.getuid?.() ?? 0;
  const parent = join(tmpdir(), `rockpool-chromium-${owner}`);
  await mkdir(parent, { recursive: true, mode: 0o700 });
  const parentStat = await stat(parent);
  // The temporary directory is shared: a directory that somebody else prepared could hold any program.
  if (parentStat.uid !== owner || (parentStat.mode & 0o022) !== 0) {
    throw new Error(`${parent} belongs to somebody else; remove it or set TMPDIR`);
  }
  const directory = join(parent, await packageVersion());
  if (await exists(join(directory, 'chromium'))) return directory;
  const staging = await mkdtemp(join(parent, 'unpacking-'));
  try {
    await unpackInto(staging);
    await writeFile(join(staging, FONTS, 'fonts.conf'), fontConfiguration(directory));
    await rename(staging, directory);
  } catch (error) {
    // Another process may have been faster; its copy is as good as ours.
    await rm(staging, { recursive: true, force: true });
    if (!(await exists(join(directory, 'chromium')))) throw error;
  }
  return directory;
}

/** The package decides by this variable whether to unpack the shared libraries too. */
async function unpackInto(directory: string): Promise<void> {
  const script = `import chromium from ${JSON.stringify(PACKAGE)}; await chromium.executablePath();`;
  await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: import.meta.dirname,
    timeout: UNPACK_TIMEOUT_MS,
    env: {
      ...process.env,
      TMPDIR: directory,
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs22.x',
    },
  });
}

/** The package's own names places that are not ours; a browser without any font shows no text, and breaks. */
function fontConfiguration(directory: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${join(directory, FONTS)}</dir>
  <cachedir>${join(directory, 'fonts-cache')}</cachedir>
</fontconfig>
`;
}

async function packageVersion(): Promise<string> {
  const entry = createRequire(import.meta.url).resolve(PACKAGE);
  const manifest: unknown = JSON.parse(
    await readFile(join(entry, '..', '..', 'package.json'), 'utf8'),
  );
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) {
    return String(manifest.version);
  }
  throw new Error(`${PACKAGE} has no version`);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
