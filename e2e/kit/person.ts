// A person at a browser: a context of its own with storage and passkeys, and the things people do on the
// screen, found as a screen reader finds them.
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { VirtualAuthenticator } from './authenticator.ts';

const ACTION_TIMEOUT_MS = 20_000;

/** One person with one browser profile. */
export class Person {
  readonly name: string;
  readonly page: Page;
  readonly passkeys: VirtualAuthenticator;
  /** Uncaught errors and what the console calls an error. */
  readonly complaints: string[] = [];
  readonly #context: BrowserContext;

  private constructor(name: string, page: Page, passkeys: VirtualAuthenticator) {
    this.name = name;
    this.page = page;
    this.passkeys = passkeys;
    this.#context = page.context();
    page.on('pageerror', (error) => this.complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(message.text());
    });
  }

  /** A new person with an empty profile and a passkey holder. */
  static async arrive(browser: Browser, name: string): Promise<Person> {
    const context = await browser.newContext({ viewport: { width: 1100, height: 760 } });
    context.setDefaultTimeout(ACTION_TIMEOUT_MS);
    const page = await context.newPage();
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
  }

  async createPool(name: string): Promise<void> {
    const field = this.page.getByRole('textbox', { name: 'Pool name' });
    // The form may stand open on an empty pool list, or open with the first press.
    if (!(await field.isVisible())) await this.press('Create pool');
    await field.fill(name);
    await this.button('Create pool').last().click();
    await this.messageField.waitFor();
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
  async joinPool(link: string): Promise<void> {
    await this.open(link);
    await this.press('Join pool');
    await this.messageField.waitFor();
  }

  async say(text: string): Promise<void> {
    await this.messageField.fill(text);
    await this.press('Send');
  }

  /** Waits until the conversation shows the text. */
  async reads(text: string): Promise<void> {
    await this.list('Messages').getByText(text, { exact: true }).first().waitFor();
  }

  /** Waits until so many members stand in the list. */
  async seesMembers(count: number): Promise<void> {
    const members = this.list('Members').getByRole('listitem');
    await members.nth(count - 1).waitFor();
  }

  /** Waits until so many members are shown as online, themselves included. */
  async seesOnline(count: number): Promise<void> {
    const online = this.list('Members')
      .getByRole('listitem')
      .filter({ hasText: /online|you/i });
    await online.nth(count - 1).waitFor();
  }

  /** Puts files into the conversation by the attach button. */
  async attach(...paths: string[]): Promise<void> {
    const chooser = this.page.waitForEvent('filechooser');
    await this.press('Attach files');
    await (await chooser).setFiles(paths);
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

  private get messageField(): Locator {
    return this.page.getByRole('textbox', { name: 'Message', exact: true });
  }
}
