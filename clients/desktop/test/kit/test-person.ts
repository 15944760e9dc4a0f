// A person with a device that has a passkey: the engine over the desktop's adapters in this process.

import { type ClientView, createRockpool, type Rockpool } from '@rockpool/client-core';
import { FakeAuthenticator } from '@rockpool/client-core/testing';
import { cleanup } from 'node-datachannel';
import { type DesktopPlatform, openDesktopPlatform } from '../../src/index.ts';

const WAIT_MAX_MS = 45_000;

export class TestPerson {
  readonly origin: string;
  readonly rockpool: Rockpool;
  readonly #desktop: DesktopPlatform;

  private constructor(origin: string, rockpool: Rockpool, desktop: DesktopPlatform) {
    this.origin = origin;
    this.rockpool = rockpool;
    this.#desktop = desktop;
  }

  /** Creates an account with the link whose fragment this is. */
  static async create(dir: string, origin: string, fragment: string): Promise<TestPerson> {
    const desktop = await openDesktopPlatform({
      dataDirectory: dir,
      origin,
      keyring: undefined,
      passphrases: { ask: async () => 'a passphrase for tests' },
      onStoreFailed: (error) => {
        throw error;
      },
      arrivalFragment: fragment,
    });
    const passkeys = new FakeAuthenticator().port(origin);
    const { platform } = desktop;
    const rockpool = createRockpool({ ...platform, arrivalFragment: fragment, passkeys });
    const person = new TestPerson(origin, rockpool, desktop);
    await person.until('a server answers', ({ server }) => server.status === 'online');
    const made = await rockpool.createAccount();
    if (!made.ok) throw new Error(made.error.code);
    return person;
  }

  get poolId(): string {
    return this.rockpool.view().pools[0]?.id ?? '';
  }

  /** The fragment of an invite into this person's pool. */
  async invite(): Promise<string> {
    const made = await this.rockpool.invite(this.poolId);
    if (!made.ok) throw new Error(made.error.code);
    return made.value.link.slice(made.value.link.indexOf('#') + 1);
  }

  /** The six digits, once they are shown. */
  async digits(): Promise<string> {
    const view = await this.until('digits', ({ linking }) => linking?.step === 'comparing');
    return view.linking?.step === 'comparing' ? view.linking.digits : '';
  }

  until(what: string, holds: (view: ClientView) => boolean): Promise<ClientView> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const view = this.rockpool.view();
        if (!holds(view)) return;
        clearTimeout(timer);
        unsubscribe();
        resolve(view);
      };
      const timer = setTimeout(() => reject(new Error(`never happened: ${what}`)), WAIT_MAX_MS);
      const unsubscribe = this.rockpool.subscribe(look);
      look();
    });
  }

  async stop(): Promise<void> {
    await this.rockpool.stop();
    await this.#desktop.close();
  }
}

/**
 * The last thing that a file of tests does. The library's threads would keep the process for as long as connections that were
 * still looking for a path would have looked on.
 */
export async function stopForGood(people: readonly TestPerson[]): Promise<void> {
  await Promise.all(people.map((person) => person.stop()));
  cleanup();
}
