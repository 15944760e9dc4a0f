/*
 * Fills a node with people as they would come: the first by the operator's link, an owner for each pool by an
 * invite of the first, the others by an invite of their owner; each adds further devices. Every statement is signed
 * and goes through the log. Each person comes from an address of their own, so that no limit has to be lifted.
 */
import { type Bytes, type Ref, registrationChallenge, signInput } from '@rockpool/protocol';
import {
  createTestPerson,
  createTestPool,
  type TestDevice,
  type TestInvite,
  type TestPerson,
} from '@rockpool/protocol/testing';
import { inBatches } from './in-batches.ts';
import { DEVICES_PER_PERSON, PEOPLE_PER_POOL } from './load-shape.ts';
import { sourceAddress } from './loopback.ts';
import { type NodeAddress, RockpoolSocket } from './rockpool-socket.ts';

/** Pools that are being filled at once, and people who arrive at one at once. */
const AT_ONCE = 8;

export interface Place extends NodeAddress {
  /** Relying party id of its passkeys. */
  readonly rpId: string;
}

export interface NewMember {
  readonly pool: Ref;
  readonly user: Ref;
  readonly device: TestDevice;
}

/** What lets a new account in. */
type Admission = { readonly token: Bytes } | { readonly pool: Ref; readonly invite: TestInvite };

interface Guest {
  readonly person: TestPerson;
  readonly socket: RockpoolSocket;
}

/** Devices in so many pools of one size, pool by pool. */
export async function enrolMembers(
  place: Place,
  firstAdminToken: Bytes,
  pools: number,
): Promise<readonly NewMember[]> {
  let arrivals = 0;
  const arrive = (admission: Admission) => enter(place, sourceAddress(arrivals++), admission);
  const first = await arrive({ token: firstAdminToken });
  const { guests: owners } = await foundPool(first, pools, arrive);
  const filled = await inBatches(owners, AT_ONCE, async (owner) => {
    const { pool, guests } = await foundPool(owner, PEOPLE_PER_POOL - 1, arrive);
    return inBatches([owner, ...guests], AT_ONCE, (guest) => bringDevices(guest, pool));
  });
  await first.socket.close();
  return filled.flat(2);
}

/** A pool of this owner, and its guests with their sockets. */
async function foundPool(
  { person: owner, socket }: Guest,
  guestCount: number,
  arrive: (admission: Admission) => Promise<Guest>,
): Promise<{ pool: Ref; guests: readonly Guest[] }> {
  const chain = createTestPool(owner);
  const pool = chain.ref;
  const append = async (by: Guest, envelope: Bytes): Promise<void> => {
    await by.socket.request({ type: 'statement', chain: 'pool', ref: pool, envelope });
  };
  await append({ person: owner, socket }, chain.genesis);
  const invites: TestInvite[] = [];
  while (invites.length < guestCount) {
    const invite = chain.invite(owner);
    await append({ person: owner, socket }, invite.envelope);
    chain.append(invite.envelope, owner);
    invites.push(invite);
  }
  const guests = await inBatches(invites, AT_ONCE, async (invite) => {
    return { invite, ...(await arrive({ pool, invite })) };
  });
  for (const guest of guests) {
    const join = chain.join(guest.person, guest.invite);
    await append(guest, join);
    chain.append(join, guest.person);
  }
  return { pool, guests };
}

async function enter(place: Place, address: string, admission: Admission): Promise<Guest> {
  const person = createTestPerson(place);
  const socket = await RockpoolSocket.open(place, address);
  const { nonce, realm } = await socket.hello;
  const challenge = registrationChallenge(nonce, person.handle);
  const { attestationObject, clientDataJSON } = person.passkey.register(challenge);
  await socket.request({
    type: 'register',
    genesis: person.genesis,
    attestation: attestationObject,
    clientData: clientDataJSON,
    ...('token' in admission ? admission : { admission: admitted(admission, realm, person) }),
  });
  await socket.showDevice(person.ref, person.device);
  return { person, socket };
}

function admitted(
  { pool, invite: { key } }: Exclude<Admission, { token: Bytes }>,
  realm: Bytes,
  person: TestPerson,
) {
  return { pool, key: key.point, sig: key.sign(signInput('admit', realm, person.handle)) };
}

/** Adds a guest's further devices, and sees them off. */
async function bringDevices({ person, socket }: Guest, pool: Ref): Promise<NewMember[]> {
  const { ref: user } = person;
  const devices = [person.device];
  while (devices.length < DEVICES_PER_PERSON) {
    const { envelope, device } = person.deviceAdd({ by: person.device });
    await socket.request({ type: 'statement', chain: 'user', ref: user, envelope });
    person.append(envelope);
    devices.push(device);
  }
  await socket.close();
  return devices.map((device) => ({ pool, user, device }));
}
