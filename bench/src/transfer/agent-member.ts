// A desktop agent as an end: a Node process of its own with a data directory of its own.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from '../harness/child.ts';
import { cpuOf } from './cpu-by-process.ts';
import type { Member } from './engine-member.ts';

const AGENT = join(import.meta.dirname, 'agent-main.ts');

export async function arriveAsAgent(link: string): Promise<Member> {
  const directory = await mkdtemp(join(tmpdir(), 'rockpool-bench-agent-'));
  const agent = await Child.start({
    command: process.execPath,
    args: [AGENT, directory],
    answers: true,
  });
  const stop = async () => {
    await agent.stop();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await agent.ask('arrive', link);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    createPool: () => agent.ask('createPool'),
    connected: async () => void (await agent.ask('connected')),
    offer: async (path) => void (await agent.ask('offer', path)),
    begins: async (name) => void (await agent.ask('begins', name)),
    completes: async () => Number(await agent.ask('completes')),
    digest: (name) => agent.ask('digest', name),
    cpu: async () => cpuOf([agent.pid]),
    stop,
  };
}
