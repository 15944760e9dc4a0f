// Commands of this node on their way: each ends when the node applies its entry, by a failure, or when its
// caller's time is over. What may be repeated, and when, is the business of the group's session.

import type { After } from '@rockpool/storage';
import type { ProposalReply } from '../format/peer-payload.ts';
import { ClusterError, type ClusterErrorCode, type Submitted } from '../ports.ts';
import type { SessionTable } from '../sessions/session-table.ts';
import type { AppliedEntry } from './apply-commands.ts';
import { ClientSession, type Submission } from './client-session.ts';
import { type DeliveryPorts, type LeaderView, Requests } from './delivery.ts';

/** Submissions of one node that wait at the same time. */
const SUBMISSIONS_MAX = 4_096;
const SUBMISSION_BYTES_MAX = 67_108_864;

export interface SubmissionPorts extends DeliveryPorts {
  /** 16 bytes, drawn anew at each start of a node. */
  readonly clientId: Uint8Array;
  readonly after: After;
  view(group: number): LeaderView;
}

export class Submissions {
  readonly #ports: SubmissionPorts;
  readonly #requests: Requests;
  readonly #sessions = new Map<number, ClientSession>();
  #count = 0;
  #bytes = 0;
  #stopped = false;

  constructor(ports: SubmissionPorts) {
    this.#ports = ports;
    this.#requests = new Requests(ports);
  }

  submit(group: number, slot: number, body: Uint8Array, timeoutMs: number): Promise<Submitted> {
    if (this.#stopped) return Promise.reject(failure('CLUSTER_STOPPED'));
    const isFull = this.#bytes + body.length > SUBMISSION_BYTES_MAX;
    if (isFull || this.#count >= SUBMISSIONS_MAX) return Promise.reject(failure('CLUSTER_BUSY'));
    this.#count += 1;
    this.#bytes += body.length;
    const session = this.#sessionOf(group);
    return new Promise((resolve, reject) => {
      const cancelTimer = this.#ports.after(timeoutMs, () => session.expire(submission));
      const settle = (end: Submitted | ClusterErrorCode) => {
        cancelTimer();
        this.#count -= 1;
        this.#bytes -= body.length;
        if (typeof end === 'string') reject(failure(end));
        else resolve(end);
      };
      const submission: Submission = { slot, body, sequence: undefined, settle };
      session.add(submission);
    });
  }

  /** A leader, a connection or room may have appeared. */
  retry(group?: number): void {
    if (group !== undefined) this.#sessions.get(group)?.retry();
    else for (const session of this.#sessions.values()) session.retry();
  }

  /** What was sent to this node may be lost. */
  disconnected(nodeId: string): void {
    for (const session of this.#sessions.values()) session.disconnected(nodeId);
  }

  replied(nodeId: string, { request, answer }: ProposalReply): void {
    this.#requests.find(request)?.answered(nodeId, answer);
  }

  applied(applied: AppliedEntry): void {
    const { entry, command } = applied;
    if (command !== undefined) this.#sessions.get(entry.group)?.applied(applied, command);
  }

  skipped(group: number, table: SessionTable): void {
    this.#sessions.get(group)?.skipped(table);
  }

  stop(): void {
    this.#stopped = true;
    for (const session of this.#sessions.values()) session.stop();
  }

  #sessionOf(group: number): ClientSession {
    const found = this.#sessions.get(group);
    if (found !== undefined) return found;
    const { clientId } = this.#ports;
    const view = () => this.#ports.view(group);
    const made = new ClientSession({ group, clientId, requests: this.#requests, view });
    this.#sessions.set(group, made);
    return made;
  }
}

const MESSAGES: Record<ClusterErrorCode, string> = {
  CLUSTER_NO_LEADER: 'No leader could be reached; nothing was changed.',
  CLUSTER_BUSY: 'Too much is waiting; nothing was changed.',
  CLUSTER_TIMEOUT: 'No answer in time: whether it was committed is not known.',
  CLUSTER_SESSION_UNKNOWN:
    'The session of this node was evicted; nothing was changed. It may be submitted again.',
  CLUSTER_WRONG_SHARD: 'The group does not own the slot.',
  CLUSTER_TOO_LARGE: 'The command is too large.',
  CLUSTER_READ_ONLY: 'The disk of a node is nearly full; nothing was changed.',
  CLUSTER_STOPPED: 'This node is stopping.',
};

export function failure(code: ClusterErrorCode): ClusterError {
  return new ClusterError(code, MESSAGES[code]);
}
