// A person at a browser: a context of its own with storage and passkeys, and the things people do on the
// screen, found as a screen reader finds them.
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { accessibilityFaults } from './accessibility.ts';
import { VirtualAuthenticator } from './authenticator.ts';
import { Wire } from './wire.ts';

/** As long as a standing machine takes to go on; how fast a screen answers is not what the journeys ask. */
const ACTION_TIMEOUT_MS = 60_000;

/** One person with one browser profile. */
export class Person {
  readonly name: string;
  readonly page: Page;
  readonly passkeys: VirtualAuthenticator;
  /** Uncaught errors and what the console calls an error. */
  readonly complaints: string[] = [];
  readonly wire: Wire;
  readonly #context: BrowserContext;

  private constructor(name: string, page: Page, passkeys: VirtualAuthenticator) {
    this.name = name;
    this.page = page;
    this.passkeys = passkeys;
    this.wire = new Wire(page);
    this.#context = page.context();
    page.on('pageerror', (error) => this.complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(message.text());
    });
  }

  /** A new person with an empty profile and a passkey holder. */
  static async arrive(browser: Browser, name: string): Promise<Person> {
    return Person.in(await browser.newContext({ viewport: { width: 1100, height: 760 } }), name);
  }

  /** A person with a profile that is open already, at a new page. */
  static async in(context: BrowserContext, name: string): Promise<Person> {
    // No test can answer the system's save dialog; without it the page downloads, as in other browsers.
    await context.addInitScript(() => Reflect.deleteProperty(window, 'showSaveFilePicker'));
    return Person.at(await context.newPage(), name);
  }

  /** A person at a page that is open already. */
  static async at(page: Page, name: string): Promise<Person> {
    page.context().setDefaultTimeout(ACTION_TIMEOUT_MS);
    return new Person(name, page, await VirtualAuthenticator.attach(page));
  }

  async open(link: string): Promise<void> {
    await this.page.goto(link);
  }

  async reload(): Promise<void> {
    await this.page.reload();
  }

  async createAccount(link: string): Promise<void> {
    await this.open(link);
    await this.press('Create account');
    // In a narrow window the list of pools, and with it the button, is another screen.
    const inside = this.button('New pool').or(this.poolNameField);
    await inside.filter({ visible: true }).first().waitFor();
  }

  /** Signs in on a further device with a passkey that is there. */
  async signIn(origin: string): Promise<void> {
    await this.open(origin);
    await this.press('Sign in with a passkey');
    await this.messageField.waitFor();
  }

  async createPool(name: string): Promise<void> {
    const field = this.poolNameField;
    // The form stands on the first screen of an account without pools; later it is a dialog.
    if (!(await field.isVisible())) await this.press('New pool');
    await field.fill(name);
    await this.press('Create pool');
    await this.messageField.waitFor();
  }

  async rename(name: string): Promise<void> {
    await this.page.getByRole('button', { name: 'Change name or colour' }).click();
    await this.page.getByRole('textbox', { name: 'Name', exact: true }).fill(name);
    await this.press('Save');
    await this.page.getByRole('button', { name }).waitFor();
  }

  /** Makes an invite in the open pool and returns its link. */
  async invite(): Promise<string> {
    await this.press('Invite');
    const field = this.page.getByRole('textbox', { name: 'Invite link' });
    await field.waitFor();
    const link = await field.inputValue();
    await this.page.keyboard.press('Escape');
    return link;
  }

  /** Opens an invite as somebody new: one prompt, and inside the pool. */
  async joinAsNewcomer(link: string): Promise<void> {
    await this.open(link);
    await this.press('Create account');
    await this.messageField.waitFor();
  }

  /** Opens an invite with the account of this browser: one click, no prompt. */
  async joinAsMember(link: string): Promise<void> {
    await this.open(link);
    await this.press('Join pool');
    await this.button('Join pool').waitFor({ state: 'detached' });
  }

  async say(text: string): Promise<void> {
    await this.messageField.fill(text);
    await this.press('Send');
  }

  /** Waits until the conversation shows the text. */
  async reads(text: string): Promise<void> {
    await this.list('Messages').getByText(text, { exact: true }).first().waitFor();
  }

  /** Waits until so many members are online, themselves included. */
  async seesOnline(count: number): Promise<void> {
    const members = this.list('Members').locator('> li');
    await members
      .filter({ hasText: 'Online' })
      .nth(count - 1)
      .waitFor();
  }

  /** Waits until so many other devices are reached directly. */
  async isConnectedTo(count: number): Promise<void> {
    const devices = this.list('Members').locator('[data-path=direct]', {
      hasNotText: 'this device',
    });
    await devices.nth(count - 1).waitFor();
  }

  /** Puts files into the conversation by the attach button. */
  async attach(...paths: string[]): Promise<void> {
    const chooser = this.page.waitForEvent('filechooser');
    await this.press('Attach files');
    await (await chooser).setFiles(paths);
  }

  /** Drags a file from the desktop into the conversation and lets it go there. */
  async drop(name: string, mediaType: string, content: Uint8Array): Promise<void> {
    const dropped = { name, mediaType, base64: Buffer.from(content).toString('base64') };
    await this.messageField.evaluate(dropFile, dropped);
  }

  /** Waits until the conversation shows the picture itself. */
  async previews(fileName: string): Promise<void> {
    const picture = this.list('Messages').getByRole('img', { name: fileName, exact: true });
    await picture.waitFor();
    const isDrawn = (image: HTMLElement | SVGElement) =>
      image instanceof HTMLImageElement && image.decode().then(() => image.naturalWidth > 0);
    if (!(await picture.evaluate(isDrawn))) throw new Error(`${fileName} is not drawn`);
  }

  /** Waits until a file begins to arrive, and answers while it still does. */
  async receives(fileName: string): Promise<void> {
    const bar = this.page.getByRole('progressbar', { name: `Receiving ${fileName}` });
    await bar.waitFor();
  }

  /** Waits until the line about the servers says so, and returns what it says. */
  async hearsOfServers(words: RegExp): Promise<string> {
    const line = this.page.getByRole('status', { name: 'Servers' }).filter({ hasText: words });
    await line.waitFor();
    return (await line.textContent()) ?? '';
  }

  /** The number of the node that holds this page's socket. */
  async homeNode(): Promise<number> {
    const words = await this.hearsOfServers(/Connected through node \d+/);
    return Number(/\d+/.exec(words)?.[0]);
  }

  /** Waits for a file to be whole, saves it as a person would, and returns where it lies. */
  async save(fileName: string, timeoutMs: number): Promise<string> {
    const button = this.button(`Save ${fileName}`);
    await button.waitFor({ timeout: timeoutMs });
    const download = this.page.waitForEvent('download');
    await button.click();
    return (await download).path();
  }

  /** Waits until the card of a file says so. */
  async fileCardSays(fileName: string, words: RegExp): Promise<void> {
    const card = this.page.getByRole('region', { name: `File ${fileName}` });
    await card.getByText(words).first().waitFor();
  }

  /** What keeps somebody with a screen reader, a keyboard or weak eyes from using this screen. */
  async accessibilityFaults(): Promise<string[]> {
    return accessibilityFaults(this.page);
  }

  async screenshot(path: string): Promise<void> {
    await this.page.screenshot({ path, fullPage: true });
  }

  async leave(): Promise<void> {
    await this.#context.close();
  }

  async press(name: string): Promise<void> {
    await this.button(name).first().click();
  }

  button(name: string): Locator {
    return this.page.getByRole('button', { name, exact: true });
  }

  list(name: string): Locator {
    return this.page.getByRole('list', { name, exact: true });
  }

  private get poolNameField(): Locator {
    return this.page.getByRole('textbox', { name: 'Pool name' });
  }

  private get messageField(): Locator {
    return this.page.getByRole('textbox', { name: 'Message', exact: true });
  }
}

/** Runs in the page: what the browser does when files are dropped. */
function dropFile(
  target: Element,
  file: { readonly name: string; readonly mediaType: string; readonly base64: string },
): void {
  const bytes = Uint8Array.from(atob(file.base64), (character) => character.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], file.name, { type: file.mediaType }));
  for (const type of ['dragenter', 'dragover', 'drop']) {
    target.dispatchEvent(
      new DragEvent(type, { bubbles: true, cancelable: true, composed: true, dataTransfer }),
    );
  }
}
