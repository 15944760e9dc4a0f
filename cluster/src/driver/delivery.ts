// One command on its way into the log. It is sent to a leader once, and again only when that leader may have
// lost it: another one leads, or the connection broke. Several copies of it may then end in the log, of which
// the session lets one take effect. What matters here is whether any copy may be in a log at all.

import type { ForwardedProposal, ProposalAnswer } from '../format/peer-payload.ts';
import type { ClusterErrorCode } from '../ports.ts';

export interface LeaderView {
  readonly term: number;
  /** undefined while no leader is known. */
  readonly leader: string | undefined;
}

export interface DeliveryPorts {
  readonly self: string;
  readonly ruleVersion: number;
  readonly tableEpoch: number;
  /** On this node. */
  propose(proposal: ForwardedProposal): ProposalAnswer;
  /** To the leader; false when it cannot be reached. */
  forward(leader: string, proposal: ForwardedProposal): boolean;
}

/** What waits for an answer to its newest send, by request. */
export class Requests {
  readonly ports: DeliveryPorts;
  readonly #deliveries = new Map<number, Delivery>();
  #last = 0;

  constructor(ports: DeliveryPorts) {
    this.ports = ports;
  }

  find(request: number): Delivery | undefined {
    return this.#deliveries.get(request);
  }

  begin(delivery: Delivery): number {
    this.#last += 1;
    this.#deliveries.set(this.#last, delivery);
    return this.#last;
  }

  end(request: number): void {
    this.#deliveries.delete(request);
  }
}

/** The newest send, as long as nothing speaks against its arrival. */
interface Sent {
  readonly term: number;
  readonly leader: string;
  readonly request: number;
}

export class Delivery {
  readonly group: number;
  readonly command: Uint8Array;
  readonly #requests: Requests;
  #sent: Sent | undefined;
  /** An earlier send was neither refused nor seen in the log. */
  #isDoubtful = false;
  #refusal: ClusterErrorCode = 'CLUSTER_NO_LEADER';

  constructor(group: number, command: Uint8Array, requests: Requests) {
    this.group = group;
    this.command = command;
    this.#requests = requests;
  }

  /** If not, nothing was changed, and nothing will be. */
  get mayBeInLog(): boolean {
    return this.#isDoubtful || this.#sent !== undefined;
  }

  /** What to say when nobody waits any longer. */
  get failure(): ClusterErrorCode {
    return this.mayBeInLog ? 'CLUSTER_TIMEOUT' : this.#refusal;
  }

  /** To the leader, unless it has it already. False if it cannot be reached. */
  send(term: number, leader: string): boolean {
    if (this.#sent?.term === term) return true;
    this.#lost();
    const { ports } = this.#requests;
    const request = this.#requests.begin(this);
    const { group, command } = this;
    const { ruleVersion, tableEpoch } = ports;
    const proposal = { request, group, ruleVersion, tableEpoch, command };
    const isHere = leader === ports.self;
    if (!isHere && !ports.forward(leader, proposal)) {
      this.#requests.end(request);
      return false;
    }
    this.#sent = { term, leader, request };
    if (isHere) this.answered(leader, ports.propose(proposal));
    return true;
  }

  /** By the node that it was sent to. */
  answered(nodeId: string, answer: ProposalAnswer): void {
    const sent = this.#sent;
    if (sent?.leader !== nodeId) return;
    this.#requests.end(sent.request);
    if (answer === 'appended') return;
    this.#sent = undefined;
    this.#refusal = answer === 'busy' ? 'CLUSTER_BUSY' : 'CLUSTER_NO_LEADER';
  }

  /** What was sent to this node may be lost. */
  disconnected(nodeId: string): void {
    if (this.#sent?.leader === nodeId) this.#lost();
  }

  /** It is waited for no more. */
  end(): void {
    if (this.#sent !== undefined) this.#requests.end(this.#sent.request);
  }

  #lost(): void {
    if (this.#sent === undefined) return;
    this.#requests.end(this.#sent.request);
    this.#sent = undefined;
    this.#isDoubtful = true;
  }
}
