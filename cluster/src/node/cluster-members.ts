// What an operator may change: which nodes there are. Each call is a command of the meta group; the groups
// follow it by themselves (driver/reconciler.ts).

import type { After } from '@rockpool/storage';
import type { Driver } from '../driver/driver.ts';
import { failure } from '../driver/submissions.ts';
import { CLUSTER } from '../format/command.ts';
import type { StoreIdentity } from '../format/identity.ts';
import type { MetaState } from '../meta/meta-state.ts';
import { encodeNodeCommand, type NodeCommand } from '../meta/node-commands.ts';
import { decodeNodeOutcome, type NodeOutcome } from '../meta/node-list.ts';
import { NodeError, type NodeErrorCode } from '../node-error.ts';
import type { ClusterMembers, ClusterView, NewNode } from '../ports.ts';
import type { Listeners } from './listeners.ts';

const COMMAND_MS = 5_000;
const DEPARTURE_MS = 120_000;

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

  async remove(nodeId: string, options: { timeoutMs?: number } = {}): Promise<void> {
    await this.#submit({ kind: 'leaves', id: nodeId });
    await this.#departure(nodeId, options.timeoutMs ?? DEPARTURE_MS);
  }

  async replace(
    former: string,
    node: NewNode,
    options: { timeoutMs?: number } = {},
  ): Promise<void> {
    await this.#submit({ kind: 'replaces', node, former });
    await this.#departure(former, options.timeoutMs ?? DEPARTURE_MS);
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
  #departure(nodeId: string, timeoutMs: number): Promise<void> {
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
