// Commands on their way. A submission is proposed at the leader, here or across the peer port, and
// ends when this node applies the entry that carries its client id and sequence. It is never in the
// log twice, without any table of sessions: it is bound to the term in which it was first sent; the
// leader of that term drops repetitions of all that is still waited for; and once an entry of a later
// term is applied here without it, it never was appended for good, and may be sent again in that term.

import type { After, Cancel } from '@rockpool/storage';
import { encodeCommand } from '../format/command.ts';
import type { ForwardedProposal, ProposalReply } from '../format/peer-payload.ts';
import { ClusterError, type ClusterErrorCode, type Submitted } from '../ports.ts';
import type { AppliedEntry } from './apply-commands.ts';

/** Submissions of one node that wait at the same time. */
const SUBMISSIONS_MAX = 4_096;
const SUBMISSION_BYTES_MAX = 67_108_864;

export interface LeaderView {
  readonly term: number;
  /** undefined while no leader is known. */
  readonly leader: string | undefined;
}

export interface SubmissionPorts {
  readonly self: string;
  readonly clientId: Uint8Array;
  readonly ruleVersion: number;
  readonly tableEpoch: number;
  readonly after: After;
  view(group: number): LeaderView;
  /** On this node; false when it does not lead or is busy. */
  propose(proposal: ForwardedProposal): 'appended' | 'notLeader' | 'busy';
  /** To the leader; false when it cannot be reached. */
  forward(leader: string, proposal: ForwardedProposal): boolean;
}

interface Submission {
  readonly group: number;
  readonly sequence: number;
  readonly command: Uint8Array;
  readonly cancelTimer: Cancel;
  readonly resolve: (submitted: Submitted) => void;
  readonly reject: (error: ClusterError) => void;
  /** Sent and not refused since. */
  sent: boolean;
  /** How often it was sent in the bound term; a single refused send leaves no doubt. */
  sends: number;
  boundTerm: number | undefined;
  leader: string | undefined;
  reason: ClusterErrorCode;
}

export class Submissions {
  readonly #ports: SubmissionPorts;
  readonly #waiting = new Map<number, Submission>();
  /** Sequences by group, ascending. */
  readonly #groups = new Map<number, Set<number>>();
  #bytes = 0;
  #sequence = 0;
  #stopped = false;

  constructor(ports: SubmissionPorts) {
    this.#ports = ports;
  }

  submit(group: number, slot: number, body: Uint8Array, timeoutMs: number): Promise<Submitted> {
    if (this.#stopped) return Promise.reject(failure('CLUSTER_STOPPED'));
    const isFull = this.#bytes + body.length > SUBMISSION_BYTES_MAX;
    if (isFull || this.#waiting.size >= SUBMISSIONS_MAX) {
      return Promise.reject(failure('CLUSTER_BUSY'));
    }
    this.#sequence += 1;
    const sequence = this.#sequence;
    const { clientId } = this.#ports;
    return new Promise((resolve, reject) => {
      const submission: Submission = {
        group,
        sequence,
        command: encodeCommand({ slot, clientId, sequence, body }),
        cancelTimer: this.#ports.after(timeoutMs, () => this.#expire(sequence)),
        resolve,
        reject,
        sent: false,
        sends: 0,
        boundTerm: undefined,
        leader: undefined,
        reason: 'CLUSTER_NO_LEADER',
      };
      this.#add(submission);
      this.#attempt(submission);
    });
  }

  /** A leader, a connection or room may have appeared. */
  retry(group?: number): void {
    const unreachable = new Set<string>();
    for (const submission of this.#waiting.values()) {
      if (submission.sent || (group !== undefined && submission.group !== group)) continue;
      const { leader } = this.#ports.view(submission.group);
      if (leader === undefined || unreachable.has(leader)) continue;
      if (!this.#attempt(submission)) unreachable.add(leader);
    }
  }

  /** What was sent to this node may be lost. */
  disconnected(nodeId: string): void {
    for (const submission of this.#waiting.values()) {
      if (submission.leader === nodeId) submission.sent = false;
    }
  }

  replied(nodeId: string, reply: ProposalReply): void {
    const submission = this.#waiting.get(reply.request);
    if (submission === undefined || submission.leader !== nodeId) return;
    if (submission.boundTerm !== reply.term) return;
    if (reply.answer !== 'appended') this.#refused(submission, reply.answer);
  }

  applied({ entry, command, outcome }: AppliedEntry): void {
    if (command !== undefined && sameBytes(command.clientId, this.#ports.clientId)) {
      const submission = this.#end(command.sequence);
      if (outcome.kind === 'wrongShard') submission?.reject(failure('CLUSTER_WRONG_SHARD'));
      else {
        const { index, entryTimeMs } = entry;
        submission?.resolve({ reply: outcome.reply, index, entryTimeMs });
      }
    }
    // A noop opens each term: the first entry of a later term settles all earlier ones.
    if (entry.kind === 'noop') this.#release(entry.group, entry.term);
  }

  /** A snapshot skipped entries: what was sent may be among them, and must not be sent again. */
  skipped(group: number): void {
    for (const submission of [...this.#waiting.values()]) {
      if (submission.group !== group || submission.boundTerm === undefined) continue;
      this.#end(submission.sequence)?.reject(failure('CLUSTER_TIMEOUT'));
    }
  }

  stop(): void {
    this.#stopped = true;
    for (const [sequence, { reason }] of [...this.#waiting]) {
      // What was sent may be committed all the same.
      const code = reason === 'CLUSTER_TIMEOUT' ? reason : 'CLUSTER_STOPPED';
      this.#end(sequence)?.reject(failure(code));
    }
  }

  #release(group: number, term: number): void {
    for (const submission of this.#waiting.values()) {
      const { boundTerm } = submission;
      if (submission.group !== group || boundTerm === undefined || boundTerm >= term) continue;
      submission.boundTerm = undefined;
      submission.sent = false;
      submission.reason = 'CLUSTER_NO_LEADER';
      this.#attempt(submission);
    }
  }

  /** False if the leader cannot be reached. */
  #attempt(submission: Submission): boolean {
    if (submission.sent) return true;
    const { group, boundTerm, sequence, command } = submission;
    const { term, leader } = this.#ports.view(group);
    if (leader === undefined || (boundTerm !== undefined && boundTerm !== term)) return true;
    if (boundTerm === undefined) submission.sends = 0;
    const { ruleVersion, tableEpoch } = this.#ports;
    const [oldest = sequence] = this.#groups.get(group) ?? [];
    const proposal = { request: sequence, oldest, group, term, ruleVersion, tableEpoch, command };
    const isHere = leader === this.#ports.self;
    if (!isHere && !this.#ports.forward(leader, proposal)) return false;
    submission.sent = true;
    submission.sends += 1;
    submission.boundTerm = term;
    submission.leader = leader;
    submission.reason = 'CLUSTER_TIMEOUT';
    if (!isHere) return true;
    const answer = this.#ports.propose(proposal);
    if (answer !== 'appended') this.#refused(submission, answer);
    return true;
  }

  #refused(submission: Submission, answer: 'notLeader' | 'busy'): void {
    submission.sent = false;
    if (submission.sends > 1) return;
    submission.boundTerm = undefined;
    submission.reason = answer === 'busy' ? 'CLUSTER_BUSY' : 'CLUSTER_NO_LEADER';
  }

  #expire(sequence: number): void {
    const submission = this.#end(sequence);
    submission?.reject(failure(submission.reason));
  }

  #add(submission: Submission): void {
    const { sequence, group, command } = submission;
    this.#waiting.set(sequence, submission);
    this.#bytes += command.length;
    const sequences = this.#groups.get(group);
    if (sequences === undefined) this.#groups.set(group, new Set([sequence]));
    else sequences.add(sequence);
  }

  #end(sequence: number): Submission | undefined {
    const submission = this.#waiting.get(sequence);
    if (submission === undefined) return undefined;
    submission.cancelTimer();
    this.#waiting.delete(sequence);
    this.#groups.get(submission.group)?.delete(sequence);
    this.#bytes -= submission.command.length;
    return submission;
  }
}

const MESSAGES: Record<ClusterErrorCode, string> = {
  CLUSTER_NO_LEADER: 'No leader could be reached; nothing was changed.',
  CLUSTER_BUSY: 'Too much is waiting; nothing was changed.',
  CLUSTER_TIMEOUT: 'No answer in time: whether it was committed is not known.',
  CLUSTER_WRONG_SHARD: 'The group does not own the slot.',
  CLUSTER_TOO_LARGE: 'The command is too large.',
  CLUSTER_STOPPED: 'This node is stopping.',
};

export function failure(code: ClusterErrorCode): ClusterError {
  return new ClusterError(code, MESSAGES[code]);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
