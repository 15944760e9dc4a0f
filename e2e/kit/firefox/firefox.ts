// Debian's Firefox, headless, with a profile of its own and a holder of passkeys that answers by itself.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, constants, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Witness } from '../journey.ts';
import { Marionette } from './marionette.ts';

const PROGRAM = '/usr/bin/firefox-esr';
const START_TRIES_MAX = 600;
const START_TRY_MS = 200;
const WAIT_TRIES_MAX = 300;
const WAIT_TRY_MS = 200;
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';

const PREFERENCES = {
  // Any free port; it is written into the profile.
  'marionette.port': 0,
  // Two browsers on one machine meet on loopback, by addresses and not by names for them.
  'media.peerconnection.ice.loopback': true,
  'media.peerconnection.ice.obfuscate_host_addresses': false,
  'security.webauth.webauthn_enable_softtoken': true,
  'security.webauth.webauthn_enable_usbtoken': false,
  'app.update.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
} as const;

export class Firefox implements Witness {
  readonly name = 'firefox';
  /** It keeps them to itself. */
  readonly complaints = [];
  readonly #marionette: Marionette;
  readonly #child: ChildProcess;
  readonly #profile: string;

  private constructor(marionette: Marionette, child: ChildProcess, profile: string) {
    this.#marionette = marionette;
    this.#child = child;
    this.#profile = profile;
  }

  /** What is missing for it here, in one sentence. */
  static lacks(): Promise<string | undefined> {
    return access(PROGRAM, constants.X_OK).then(
      () => undefined,
      () => `there is no ${PROGRAM}; the Debian package firefox-esr brings it`,
    );
  }

  static async open(): Promise<Firefox> {
    const profile = await mkdtemp(join(tmpdir(), 'rockpool-firefox-'));
    const lines = Object.entries(PREFERENCES).map(([name, value]) => {
      return `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`;
    });
    await writeFile(join(profile, 'user.js'), lines.join(''));
    const args = ['--headless', '--marionette', '--no-remote', '--profile', profile];
    const child = spawn(PROGRAM, args, { stdio: 'ignore', env: { ...process.env, HOME: profile } });
    try {
      const marionette = await connected(profile, child);
      await marionette.send('WebDriver:NewSession', { capabilities: {} });
      return new Firefox(marionette, child, profile);
    } catch (error) {
      child.kill('SIGKILL');
      await rm(profile, { recursive: true, force: true });
      throw error;
    }
  }

  async visit(url: string): Promise<void> {
    await this.#marionette.send('WebDriver:Navigate', { url });
  }

  /** Passkeys are made and used in this page without a person. */
  async holdPasskeys(): Promise<void> {
    await this.#marionette.send('WebAuthn:AddVirtualAuthenticator', {
      protocol: 'ctap2_1',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      isUserConsenting: true,
    });
  }

  /** Runs in the page; resolves to what it answers. */
  async evaluate<Argument, Value>(
    script: (argument: Argument) => Promise<Value>,
    argument: Argument,
  ): Promise<Value> {
    const body = `const [argument, done] = arguments;
      const failed = (error) => done({ error: String(error) });
      (${script})(argument).then((value) => done({ value }), failed);`;
    const parameters = { script: body, args: [argument], newSandbox: false };
    const answer = await this.#marionette.send('WebDriver:ExecuteAsyncScript', parameters);
    const { value } = answer as { value: { value?: Value; error?: string } };
    if (value.error !== undefined) throw new Error(value.error);
    return value.value as Value;
  }

  /** Waits until it can be pressed: a press on a button that is off is no error to WebDriver, and does nothing. */
  async press(button: string): Promise<void> {
    const name = `normalize-space()='${button}' or @aria-label='${button}'`;
    const xpath = `//button[${name}][not(@disabled)]`;
    await this.#marionette.send('WebDriver:ElementClick', { id: await this.#find(xpath) });
  }

  async type(label: string, text: string): Promise<void> {
    const xpath = `//*[self::textarea or self::input][@aria-label='${label}']`;
    const id = await this.#find(xpath);
    await this.#marionette.send('WebDriver:ElementSendKeys', { id, text });
  }

  async reads(text: string): Promise<void> {
    await this.#find(`//*[@aria-label='Messages']//*[normalize-space()='${text}']`);
  }

  async screenshot(path: string): Promise<void> {
    const taken = await this.#marionette.send('WebDriver:TakeScreenshot');
    await writeFile(path, (taken as { value: string }).value, 'base64');
  }

  async close(): Promise<void> {
    this.#marionette.close();
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, 'exit');
      this.#child.kill('SIGKILL');
      await ended;
    }
    await rm(this.#profile, { recursive: true, force: true });
  }

  /** Waits for an element that can be seen. */
  async #find(xpath: string): Promise<string> {
    let last: unknown;
    for (let tries = 0; tries < WAIT_TRIES_MAX; tries += 1) {
      try {
        const query = { using: 'xpath', value: xpath };
        const found = await this.#marionette.send('WebDriver:FindElement', query);
        return (found as { value: Record<string, string> }).value[ELEMENT] ?? '';
      } catch (error) {
        last = error;
        await sleep(WAIT_TRY_MS);
      }
    }
    throw new Error(`never there: ${xpath}`, { cause: last });
  }
}

/** The port stands in a file of the profile once it is open. */
async function connected(profile: string, child: ChildProcess): Promise<Marionette> {
  for (let tries = 0; tries < START_TRIES_MAX; tries += 1) {
    if (child.exitCode !== null) throw new Error('Firefox ended at once');
    try {
      return await Marionette.connect(await portIn(profile));
    } catch {
      await sleep(START_TRY_MS);
    }
  }
  throw new Error('Firefox does not listen');
}

async function portIn(profile: string): Promise<number> {
  const found = await readFile(join(profile, 'MarionetteActivePort'), 'utf8');
  return Number(found);
}
