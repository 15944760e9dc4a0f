// What operators' commands about nodes ask of the cluster. Nodes are named as people name them: by name, or by id.

import { ClusterError, type ClusterMembers, type NewNode, NodeError } from '@rockpool/cluster';
import type {
  ControlAnswer,
  ControlRequest,
  DepartureAnswer,
  TokenAnswer,
} from './control-messages.ts';

type MemberRequest = Extract<ControlRequest, { op: 'token' | 'remove' | 'replace' }>;

export async function changeMembers(
  members: ClusterMembers,
  request: MemberRequest,
): Promise<ControlAnswer> {
  try {
    return { ok: true, value: await change(members, request) };
  } catch (error) {
    if (!(error instanceof NodeError || error instanceof ClusterError)) throw error;
    return { ok: false, code: error.code, detail: error.message };
  }
}

async function change(
  members: ClusterMembers,
  request: MemberRequest,
): Promise<TokenAnswer | DepartureAnswer> {
  if (request.op === 'token') {
    return await members.invite(request.address === '' ? {} : { address: request.address });
  }
  const former = await named(members, request.op === 'remove' ? request.node : request.former);
  // The command watches the rest through the node's status, however long that takes.
  if (request.op === 'remove') await members.remove(former.id, { until: 'agreed' });
  else await members.replace(former.id, await named(members, request.node), { until: 'agreed' });
  return { id: former.id, name: former.name };
}

async function named(members: ClusterMembers, word: string): Promise<NewNode> {
  const { nodes } = await members.view();
  const node = nodes.find(({ id, name }) => name === word || id === word);
  if (node !== undefined) return node;
  const known = nodes.map(({ name }) => name).sort();
  throw new NodeError('MEMBER_UNKNOWN', `"${word.slice(0, 64)}" is none of ${known.join(', ')}.`);
}
