// A device on the command line beside people at browsers: how it comes into an account, and its files.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AgentProcess } from '@rockpool/desktop/testing';
import { beginsAdding, hasAdded, saysSame, seesDigits, typesCode } from './device-linking.ts';
import type { Person } from './person.ts';

export class AgentDevice {
  readonly agent: AgentProcess;
  readonly directory: string;

  private constructor(agent: AgentProcess, directory: string) {
    this.agent = agent;
    this.directory = directory;
  }

  /** `enter` goes before its command. */
  static async place(enter: readonly string[] = []): Promise<AgentDevice> {
    // Short, since the name of its socket has to fit.
    const directory = await mkdtemp(join(tmpdir(), 'agent-'));
    return new AgentDevice(await AgentProcess.on(join(directory, 'data'), enter), directory);
  }

  /** Becomes a device of this person, as the account's so-many-eth; started with these options too. */
  async isAddedBy(owner: Person, devices: number, ...options: readonly string[]): Promise<void> {
    try {
      await this.#addedBy(owner, devices, options);
    } catch (error) {
      // Of the two, the one that gave up first knows why.
      const alerts = await owner.page.getByRole('alert').allTextContents();
      throw new Error(`${error}; ${owner.name}'s page says: ${alerts.join(' | ') || 'nothing'}`);
    }
  }

  async says(text: string, pool: string): Promise<void> {
    const said = await this.agent.run(['say', text, '--to', pool]);
    assert.equal(said.code, 0, said.errors);
  }

  async hears(text: string): Promise<void> {
    await this.agent.event('message', (message) => message['text'] === text);
  }

  /** Offers the file, without waiting for who takes it. */
  async sends(path: string, pool: string): Promise<void> {
    const sent = await this.agent.run(['send', path, '--to', pool, '--no-wait']);
    assert.equal(sent.code, 0, sent.errors);
  }

  /** Saves the next file, and answers where it lies. */
  async receives(): Promise<string> {
    const received = await this.agent.run(['receive', '--into', this.directory]);
    assert.equal(received.code, 0, received.errors);
    return received.out.trim();
  }

  /** Resolves to its exit code. */
  stop(): Promise<number | null> {
    return this.agent.end('SIGTERM');
  }

  async leave(): Promise<void> {
    await this.agent.end('SIGKILL');
    await rm(this.directory, { recursive: true, force: true });
  }

  async #addedBy(owner: Person, devices: number, options: readonly string[]): Promise<void> {
    this.agent.start('--server', new URL(owner.page.url()).origin, ...options);
    const { code } = await this.agent.event('code');
    await beginsAdding(owner);
    await typesCode(owner, String(code));
    const { digits } = await this.agent.event('digits');
    assert.equal((await seesDigits(owner)).replace(' ', ''), digits);
    await saysSame(owner);
    this.agent.answer({ same: true });
    await this.agent.event('linked');
    await hasAdded(owner, devices);
  }
}
