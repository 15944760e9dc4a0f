// What `rockpool doctor --network` says of each kind of router, held against the router that the lab has there.
import assert from 'node:assert/strict';
import { runCommand } from '@rockpool/desktop/testing';
import { STUN_URLS } from './lab-servers.ts';
import type { NatLab } from './nat-lab.ts';
import { NAT_KINDS, type NatKind } from './router-rules.ts';

/** The names that the doctor has for them (clients/core/src/doctor/network-findings.ts). */
const VERDICTS: Readonly<Record<NatKind, string>> = {
  none: 'none',
  'full cone': 'letsAnyone',
  'address-restricted': 'letsKnownAddresses',
  'port-restricted': 'letsKnownPorts',
  symmetric: 'changing',
  'UDP blocked': 'blocked',
};

/** Resolves to one line for people. */
export async function judgeRouters(lab: NatLab): Promise<string> {
  for (const nat of NAT_KINDS) {
    await lab.setHome('a', { nat, ipv6: nat === 'symmetric' });
    const args = ['doctor', '--network', '--stun', STUN_URLS.join(','), '--json'];
    const { out, errors } = await runCommand(args, { enter: lab.spaces.enter('a') });
    assert.equal(errors, '');
    const report = JSON.parse(out);
    assert.equal(report.router, VERDICTS[nat], `${nat}: ${out}`);
    const newer = report.findings.find(
      ({ about }: { about: string }) => about === 'newer addresses',
    );
    assert.equal(newer.tone, nat === 'symmetric' ? 'good' : 'unknown', `${nat}: ${out}`);
  }
  return `The doctor names every kind of router rightly: ${NAT_KINDS.join(', ')}.`;
}
