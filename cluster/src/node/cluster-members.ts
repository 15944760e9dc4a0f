// What an operator may change: which nodes there are. Each call is a command of the meta group; the groups
// follow it by themselves (driver/reconciler.ts).

import type { After } from '@rockpool/storage';
import type { Driver } from '../driver/driver.ts';
import { blockersOfLeaving } from '../driver/placement.ts';
import { failure } from '../driver/submissions.ts';
import { CLUSTER } from '../format/command.ts';
import type { StoreIdentity } from '../format/identity.ts';
import { JOIN_SECRET_LIFE_MS } from '../joining/join-secrets.ts';
import { encodeJoinToken } from '../joining/join-token.ts';
import type { MetaState } from '../meta/meta-state.ts';
import { encodeNodeCommand, type NodeCommand } from '../meta/node-commands.ts';
import { decodeNodeOutcome, type NodeOutcome } from '../meta/node-list.ts';
import { NodeError, type NodeErrorCode } from '../node-error.ts';
import { parseAddress } from '../peer/peer-ports.ts';
import type {
  ClusterMembers,
  ClusterView,
  DepartureOptions,
  JoinInvite,
  NewNode,
} from '../ports.ts';
import type { Listeners } from './listeners.ts';
import type { Transport } from './machine.ts';

const COMMAND_MS = 5_000;
const DEPARTURE_MS = 120_000;
const ADDRESS_LENGTH_MAX = 255;

const REFUSALS: Partial<Record<NodeOutcome, NodeErrorCode>> = {
  unknown: 'MEMBER_UNKNOWN',
  nameTaken: 'MEMBER_NAME_TAKEN',
  keyTaken: 'MEMBER_KEY_TAKEN',
  hasLeft: 'MEMBER_HAS_LEFT',
  tooMany: 'MEMBERS_TOO_MANY',
  last: 'MEMBER_LAST',
};

export interface MembersParts {
  readonly identity: StoreIdentity;
  readonly meta: MetaState;
  readonly driver: Driver;
  readonly changed: Listeners<[]>;
  readonly after: After;
  readonly groups: readonly number[];
  readonly transport: Pick<Transport, 'isConnected'>;
  /** A new one, by which one node may join. */
  giveJoinSecret(): Uint8Array;
}

export class Members implements ClusterMembers {
  readonly #parts: MembersParts;

  constructor(parts: MembersParts) {
    this.#parts = parts;
  }

  view(): ClusterView {
    const { identity, meta } = this.#parts;
    const { clusterId, realm } = identity;
    return { clusterId, realm, nodes: meta.nodes, slotTable: meta.slotTable };
  }

  async add(node: NewNode): Promise<void> {
    await this.#submit({ kind: 'joins', node });
  }

  invite(options: { address?: string } = {}): JoinInvite {
    const { identity, meta, giveJoinSecret } = this.#parts;
    const self = meta.node(identity.nodeId);
    if (self === undefined) throw new NodeError('MEMBER_HAS_LEFT', '');
    const address = options.address ?? self.peerAddress;
    if (parseAddress(address) === undefined || address.length > ADDRESS_LENGTH_MAX) {
      throw new NodeError('NODE_OPTIONS_INVALID', `${address} is not host:port.`);
    }
    const { fingerprint } = self;
    const token = encodeJoinToken({ address, fingerprint, secret: giveJoinSecret() });
    return { token, address, expiresAtMs: Date.now() + JOIN_SECRET_LIFE_MS };
  }

  async remove(nodeId: string, options: DepartureOptions = {}): Promise<void> {
    this.#requireSpare(nodeId, this.#parts.meta.staying);
    await this.#submit({ kind: 'leaves', id: nodeId });
    if (options.until !== 'agreed') await this.#departure(nodeId, options.timeoutMs);
  }

  async replace(former: string, node: NewNode, options: DepartureOptions = {}): Promise<void> {
    this.#requireSpare(former, [...this.#parts.meta.staying, node.id], node.id);
    await this.#submit({ kind: 'replaces', node, former });
    if (options.until !== 'agreed') await this.#departure(former, options.timeoutMs);
  }

  /** Refuses what the groups would wait with for ever, or what would leave them without a majority that runs. */
  #requireSpare(leaving: string, staying: readonly string[], expected?: string): void {
    const { identity, groups, driver, transport } = this.#parts;
    if (leaving === identity.nodeId) throw new NodeError('MEMBER_ITSELF', '');
    const rest = [...new Set(staying)].filter((id) => id !== leaving);
    const isLive = (id: string) => {
      return id === identity.nodeId || id === expected || transport.isConnected(id);
    };
    const away = groups.flatMap((group) => {
      const configuration = driver.member(group)?.raft.status().configuration;
      if (configuration === undefined) return [];
      return blockersOfLeaving({ group, configuration, staying: rest, isLive });
    });
    if (away.length === 0) return;
    const names = [...new Set(away)].map((id) => this.#parts.meta.node(id)?.name ?? id);
    throw new NodeError('MEMBER_NEEDED', `Away: ${names.sort().join(', ')}.`);
  }

  async #submit(command: NodeCommand): Promise<void> {
    const body = encodeNodeCommand(command);
    const { reply } = await this.#parts.driver.submissions.submit(0, CLUSTER, body, COMMAND_MS);
    const outcome = decodeNodeOutcome(reply);
    const code = outcome && REFUSALS[outcome];
    const id = 'node' in command ? command.node.id : command.id;
    if (code !== undefined) throw new NodeError(code, `Node ${id}.`);
  }

  /** Resolves when the node has left every group, and nobody speaks with it any more. */
  #departure(nodeId: string, timeoutMs = DEPARTURE_MS): Promise<void> {
    const { meta, changed, after } = this.#parts;
    return new Promise((resolve, reject) => {
      const cancel = after(timeoutMs, () => reject(failure('CLUSTER_TIMEOUT')));
      const look = () => {
        if (meta.node(nodeId) !== undefined) return;
        cancel();
        resolve();
      };
      changed.add(look);
      look();
    });
  }
}
