// The memory of a Node process as one end, seen from the bench.
import { Child } from '../harness/child.ts';
import { cpuOf } from './cpu-by-process.ts';
import type { MemoryEnd } from './memory-crossing.ts';

export interface NodeMemoryEnd extends MemoryEnd {
  ask(what: string, about?: string): Promise<string>;
}

export async function startNodeMemoryEnd(program: string): Promise<NodeMemoryEnd> {
  const child = await Child.start({ command: process.execPath, args: [program], answers: true });
  return {
    ask: (what, about) => child.ask(what, about),
    fill: (bytes) => child.ask('fill', `${bytes}`),
    expect: async (bytes) => void (await child.ask('expect', `${bytes}`)),
    arrived: async () => Number(await child.ask('arrived')),
    digest: () => child.ask('digest'),
    cpu: async () => cpuOf([child.pid]),
    stop: () => child.stop(),
  };
}
