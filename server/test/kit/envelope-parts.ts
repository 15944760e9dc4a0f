// What a device.add by passkey shares with the enrol frame that comes before it.

import { peekUserStatement } from '@rockpool/protocol';

/** The passkey's assertion over the enrolment certificate, as the enrol frame carries it. */
export function enrolmentOf(envelope: Uint8Array) {
  const opened = peekUserStatement(envelope);
  if (!opened.ok) throw new Error(opened.detail);
  const [signature] = opened.value.envelope.sigs;
  if (signature?.by !== 'passkey') throw new Error('not signed by a passkey');
  const { credential, authData, clientData, sig, enrol: certificate } = signature;
  return { credential, authData, clientData, sig, certificate: certificate! };
}
