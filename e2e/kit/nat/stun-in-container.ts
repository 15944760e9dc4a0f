// STUN where a container engine would have put it: behind a default gateway from which some requests seem to come.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { COMMAND, runCommand } from '@rockpool/desktop/testing';
import type { NatLab } from './nat-lab.ts';

const CONTAINER = '10.0.1.2';
const PORT = '3478';
const SAID_TIMEOUT_MS = 30_000;

/** Resolves to one line for people. */
export async function warnsInContainer(lab: NatLab): Promise<string> {
  await lab.setHome('a', { nat: 'port-restricted' });
  const [enter = '', ...rest] = lab.spaces.enter('a');
  const stun = spawn(enter, [...rest, process.execPath, COMMAND, 'stun', '--port', PORT]);
  const within = () => ({ signal: AbortSignal.timeout(SAID_TIMEOUT_MS) });
  try {
    await once(stun.stdout, 'data', within());
    const warned = once(stun.stderr, 'data', within());
    // The router is the gateway of this place, as the bridge is a container's.
    const args = ['doctor', '--network', '--stun', `stun:${CONTAINER}:${PORT}`, '--json'];
    const { out } = await runCommand(args, { enter: lab.spaces.enter('router-a') });
    assert.equal(JSON.parse(out).servers[0].answered, true, out);
    const { named, message } = JSON.parse(String((await warned)[0]));
    assert.equal(named, 'gateway');
    assert.match(message, /Run STUN on the host network/);
  } finally {
    const gone = once(stun, 'exit');
    if (stun.exitCode === null && stun.kill('SIGKILL')) await gone;
  }
  return 'STUN that is asked by its default gateway, as in a container on a bridge, says that its answers are of no use, and what helps.';
}
