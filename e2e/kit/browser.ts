// Finds a real Chromium and starts it: for tests headless, the machine's own, else the one from the npm package;
// for people with a window. No browser is an error, never a skipped test.
import { access, constants } from 'node:fs/promises';
import { type Browser, type BrowserContext, chromium } from 'playwright-core';
import { packagedChromium } from './packaged-chromium.ts';

const SYSTEM_CHROMIUM = '/usr/bin/chromium';
const WINDOWED_BROWSERS = [
  SYSTEM_CHROMIUM,
  '/usr/bin/chromium-browser',
  '/snap/bin/chromium',
  '/usr/bin/google-chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];
const LAUNCH_TIMEOUT_MS = 30_000;

/** A Chromium this machine can start. */
export interface InstalledBrowser {
  readonly name: 'system' | 'packaged';
  readonly executablePath: string;
  /** Variables the browser's process needs beside the inherited ones. */
  readonly env: Readonly<Record<string, string>>;
}

/** Every Chromium on this machine, the preferred one first. */
export async function installedBrowsers(): Promise<InstalledBrowser[]> {
  const found: InstalledBrowser[] = [];
  if (await isExecutable(SYSTEM_CHROMIUM)) {
    found.push({ name: 'system', executablePath: SYSTEM_CHROMIUM, env: {} });
  }
  const packaged = await packagedChromium();
  if (packaged) found.push({ name: 'packaged', ...packaged });
  return found;
}

/** The browser for tests: the machine's own Chromium, else the packaged one. */
export async function preferredBrowser(): Promise<InstalledBrowser> {
  if (await isExecutable(SYSTEM_CHROMIUM)) {
    return { name: 'system', executablePath: SYSTEM_CHROMIUM, env: {} };
  }
  const packaged = await packagedChromium();
  if (packaged) return { name: 'packaged', ...packaged };
  throw new Error(`no browser: install Debian's "chromium", expected at ${SYSTEM_CHROMIUM}`);
}

/** Which browser to start, and which certificates it takes beside those of public authorities. */
export interface BrowserOptions {
  readonly browser?: InstalledBrowser;
  /** SHA-256 of an authority's public key (SPKI, DER), in base64; all other certificates are judged as ever. */
  readonly trustedKeys?: readonly string[];
  /** Pages are told names for this machine's addresses, and no loopback ones: as people have it. */
  readonly hidesLocalAddresses?: boolean;
}

/** Starts a headless Chromium. The caller closes it. */
export async function openBrowser(options: BrowserOptions = {}): Promise<Browser> {
  const headless = await headlessOptions(options);
  return inSandboxIfPossible((chromiumSandbox) =>
    chromium.launch({ ...headless, chromiumSandbox }),
  );
}

/**
 * Starts a headless Chromium with a profile that lies on the disk, as a person's does: in other contexts
 * files and databases live in the memory of another process. The caller closes it.
 */
export async function openProfile(profileDirectory: string): Promise<BrowserContext> {
  const headless = await headlessOptions({});
  return inSandboxIfPossible((chromiumSandbox) =>
    chromium.launchPersistentContext(profileDirectory, { ...headless, chromiumSandbox }),
  );
}

async function headlessOptions(options: BrowserOptions) {
  const { executablePath, env } = options.browser ?? (await preferredBrowser());
  const { trustedKeys = [], hidesLocalAddresses = false } = options;
  const trust =
    trustedKeys.length === 0
      ? []
      : [`--ignore-certificate-errors-spki-list=${trustedKeys.join(',')}`];
  return {
    executablePath,
    args: [
      ...['--headless=new', '--disable-gpu', ...FLAGS, ...trust],
      ...(hidesLocalAddresses ? [disabled(DISABLED_FEATURES)] : SHOWN_ADDRESSES),
    ],
    timeout: LAUNCH_TIMEOUT_MS,
    env: { ...process.env, ...env },
  };
}

/** Starts a Chromium with a window and a profile of its own. The caller closes it. */
export async function openWindow(
  executablePath: string,
  profileDirectory: string,
): Promise<BrowserContext> {
  return inSandboxIfPossible((chromiumSandbox) =>
    chromium.launchPersistentContext(profileDirectory, {
      executablePath,
      headless: false,
      args: ['--ozone-platform-hint=auto', ...FLAGS, ...SHOWN_ADDRESSES],
      chromiumSandbox,
      // The page is as large as its window, and follows it.
      viewport: null,
      timeout: LAUNCH_TIMEOUT_MS,
      // Whoever opened the window decides what a signal means.
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
    }),
  );
}

/** The first browser on this machine that has windows. */
export async function windowedBrowser(): Promise<string | undefined> {
  for (const path of WINDOWED_BROWSERS) if (await isExecutable(path)) return path;
  return undefined;
}

async function inSandboxIfPossible<Opened>(
  launch: (sandbox: boolean) => Promise<Opened>,
): Promise<Opened> {
  if (process.getuid?.() === 0) return launch(false);
  try {
    return await launch(true);
  } catch (error) {
    if (!isSandboxFailure(error)) throw error;
    process.stderr.write(
      'Chromium cannot use its sandbox here (no user namespaces for this user); ' +
        'it only opens loopback pages, so it runs without.\n',
    );
    return launch(false);
  }
}

// Passed last, this list replaces Playwright's own, so the entries of it that matter here stand too.
const DISABLED_FEATURES = [
  'AimEnabled',
  'AvoidUnnecessaryBeforeUnloadCheckSync',
  'DestroyProfileOnBrowserClose',
  'HttpsFirstBalancedModeAutoEnable',
  'HttpsUpgrades',
  'MediaRouter',
  'NetworkTimeServiceQuerying',
  'OptimizationHints',
  'PaintHolding',
  'PreconnectToSearch',
];

const FLAGS = [
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const SHOWN_ADDRESSES = [
  // A machine without any network has only loopback, which WebRTC leaves out by itself.
  '--allow-loopback-in-peer-connection',
  // Without mDNS names two contexts find each other by plain loopback and host addresses.
  disabled(['WebRtcHideLocalIpsWithMdns', ...DISABLED_FEATURES]),
];

function disabled(features: readonly string[]): string {
  return `--disable-features=${features.join(',')}`;
}

function isSandboxFailure(error: unknown): boolean {
  return error instanceof Error && /sandbox|namespace|Operation not permitted/i.test(error.message);
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
