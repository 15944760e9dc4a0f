// The list that the mutants follow: mistakes that real systems have made, and faults that brought them out. A
// line has a mutant, or a fault of the general mix, or a reason why it cannot be ours.

export interface Line {
  readonly id: string;
  readonly says: string;
  /** What the general mix of the simulation does to bring it out. */
  readonly faults?: string;
  readonly notOurs?: string;
}

export const LINES: Readonly<Record<string, readonly Line[]>> = {
  'Commit and log': [
    { id: 'A1', says: 'entries of earlier terms are committed by being counted' },
    { id: 'A2', says: 'a follower commits beyond what a message covers' },
    {
      id: 'A3',
      says: 'a duplicate, short or late append cuts the log',
      faults: 'messages doubled, out of order, and replayed much later',
    },
    { id: 'A4', says: 'a conflicting tail is kept' },
    {
      id: 'A5',
      says: 'what was compacted away is taken for a conflict',
      faults: 'logs cut off while appends are under way',
    },
    { id: 'A6', says: 'the arithmetic of quorums is wrong' },
    { id: 'A7', says: 'those who do not vote count' },
    { id: 'A8', says: 'logs are compared wrongly' },
    { id: 'A9', says: 'a new leader forgets what is committed' },
    { id: 'A10', says: 'an answer of an earlier term is handled' },
    {
      id: 'A11',
      says: 'a late answer takes a follower’s progress back',
      faults: 'answers that come very late, or again',
    },
    { id: 'A12', says: 'the term falls' },
    {
      id: 'A13',
      says: 'a term counts before it is stored',
      faults: 'crashes that take back what was being written',
    },
  ],
  'Votes and leaders': [
    { id: 'B1', says: 'a node of a lower term is not answered' },
    {
      id: 'B2',
      says: 'pre-vote is on in a part of the group only',
      notOurs: 'pre-vote is always on, on every node',
    },
    {
      id: 'B3',
      says: 'a long log of a low term and a short one of a high term wait for each other',
      faults: 'partitions, and a minority that stays down',
    },
    { id: 'B4', says: 'a candidate still has the leader it did not hear' },
    {
      id: 'B5',
      says: 'a leader that no quorum hears keeps a connected quorum from electing',
      faults: 'leaders cut off, in one direction or both',
    },
    { id: 'B6', says: 'a removed node disturbs' },
    {
      id: 'B7',
      says: 'a node campaigns too early after a start or a standstill',
      faults: 'standstills of a process',
    },
    { id: 'B8', says: 'a heartbeat of a lower term resets the election timer' },
    { id: 'B9', says: 'a candidate cannot vote for itself' },
    {
      id: 'B10',
      says: 'two leaders in a term',
      faults: 'crashes that take back what was being written, power losses',
    },
    { id: 'B11', says: 'a restarted node waits too long' },
    { id: 'B12', says: 'campaigns coincide again and again' },
    { id: 'B13', says: 'a node that was cut off raises the term when it comes back' },
  ],
  Reads: [
    {
      id: 'C1',
      says: 'a paused leader reads by a lease',
      faults: 'standstills of a process, clocks that run fast or slow, clocks that jump',
    },
    {
      id: 'C2',
      says: 'an older round confirms a newer read',
      faults: 'messages doubled, very late, and replayed',
    },
    { id: 'C3', says: 'a leader reads before it has committed in its term' },
    {
      id: 'C4',
      says: 'a read right after a transfer is too old',
      faults: 'transfers at any moment to anyone, and reads all the time',
    },
    { id: 'C5', says: 'reads have a quorum of a wrong size' },
    { id: 'C6', says: 'a read is answered before its index is applied' },
  ],
  Durability: [
    {
      id: 'D1',
      says: 'term and vote are stored apart from the entries',
      faults: 'crashes that take back what was being written',
    },
    {
      id: 'D2',
      says: 'promises leave before the disk has answered',
      faults: 'crashes that take back what was being written',
    },
    {
      id: 'D3',
      says: 'a write that failed is taken for done',
      faults: 'writes and syncs that fail, once or for a while',
    },
    { id: 'D4', says: 'a cut of the log is not stored' },
    {
      id: 'D5',
      says: 'a cut of the log is stored in parts',
      faults: 'crashes between any two steps of what a node does to its disk',
    },
    {
      id: 'D6',
      says: 'the end or the middle of the store is torn',
      faults: 'batches half written, and batches that the database drops without a word',
    },
    {
      id: 'D7',
      says: 'a flipped bit of one node is believed by the others',
      faults: 'flipped bits in entries on their way',
    },
    { id: 'D8', says: 'term and vote are half written' },
    { id: 'D9', says: 'a single node answers before its disk', faults: 'clusters of one node' },
    { id: 'D10', says: 'what is applied and how far are stored apart' },
    {
      id: 'D11',
      says: 'two snapshots come close together',
      faults: 'snapshots that come too late',
    },
    { id: 'D12', says: 'a snapshot is lost, and the log before it is gone' },
    {
      id: 'D13',
      says: 'a node comes back with an empty disk under its old name',
      faults:
        'known nodes on an empty disk, or on an old copy of theirs, which others do not hear at first',
    },
    {
      id: 'D14',
      says: 'a leader whose disk hangs keeps its followers quiet',
      faults: 'disks that stand still for seconds',
    },
    { id: 'D15', says: 'a late answer of the disk counts for entries that replaced others' },
    { id: 'D16', says: 'what is cut off and what is stored disagree' },
  ],
  Membership: [
    { id: 'E1', says: 'a new leader changes who votes before it has committed in its term' },
    { id: 'E2', says: 'a configuration is in force only once committed' },
    { id: 'E3', says: 'a change begins before the one before has ended' },
    {
      id: 'E4',
      says: 'a joint configuration is not left after its leader has gone',
      faults: 'leaders that die, or reach nobody, right after a change of members began',
    },
    { id: 'E5', says: 'a joint configuration is left before it is committed' },
    { id: 'E6', says: 'a joint configuration whose one half is dead is never left' },
    { id: 'E7', says: 'a configuration stays when its entry is cut off' },
    { id: 'E8', says: 'the only node that can lead does not campaign, since it is being removed' },
    { id: 'E9', says: 'a learner refuses to vote, or campaigns' },
    { id: 'E10', says: 'a voter without the log holds up every commit' },
    {
      id: 'E11',
      says: 'who leaves does not hear that it left',
      faults:
        'nodes that are sent away while they are dead, or while some of the others do not hear them',
    },
    {
      id: 'E12',
      says: 'a voter is removed before it could be demoted',
      notOurs: 'a change is joint: nobody leaves before those who come have agreed',
    },
    { id: 'E13', says: 'who takes part is read from a log that a snapshot has replaced' },
    {
      id: 'E14',
      says: 'dead nodes are cleaned up until no quorum is left',
      notOurs: 'nobody is removed but by an operator',
    },
    { id: 'E15', says: 'the configuration of an index is off by one' },
    {
      id: 'E16',
      says: 'a helper deletes what a node had stored while it is removed and added again',
      notOurs: 'nothing deletes a store: a node that was removed comes back under another name',
    },
  ],
  'Flow, snapshots, life of a node': [
    { id: 'F1', says: 'answers to shared heartbeats are lost on some groups' },
    {
      id: 'F2',
      says: 'groups that sleep and groups that do not disagree',
      faults:
        'times in which nobody asks for anything, links that are cut, nodes that stop or stand still meanwhile',
    },
    {
      id: 'F3',
      says: 'ticks come in bursts',
      faults: 'standstills of a process, and of all of them at once',
    },
    { id: 'F4', says: 'a transfer hangs for ever', faults: 'transfers at any moment, crashes' },
    { id: 'F5', says: 'who waits is not told when a leader steps down' },
    {
      id: 'F6',
      says: 'what is tried again is applied twice',
      faults: 'connections that break, and clients that give up on a node and go to another one',
    },
    { id: 'F7', says: 'a snapshot and a page of entries are applied together' },
    { id: 'F8', says: 'a snapshot to one that is away holds up others' },
    { id: 'F9', says: 'many snapshots at once take all memory' },
    {
      id: 'F10',
      says: 'a cut that fails is tried again until the disk is full',
      notOurs: 'a store that has failed once refuses everything, and its process ends',
    },
    {
      id: 'F11',
      says: 'a node leads while its application does not',
      notOurs: 'the application has no part that only a leader runs',
    },
    { id: 'F12', says: 'a restarted node does not apply again what is committed' },
    { id: 'F13', says: 'the search for where two logs agree takes for ever' },
    {
      id: 'F14',
      says: 'what was compacted away reads as empty',
      faults: 'logs cut off while appends are under way',
    },
    {
      id: 'F15',
      says: 'a node that moved is not found',
      faults: 'nodes that move to another address',
    },
    {
      id: 'F16',
      says: 'a snapshot that broke off stands in the way of the next one',
      faults: 'leaders that change while a snapshot is sent, received or installed',
    },
  ],
};

/** The line that a mutant is of: 'A6' of 'A6b'. */
export function lineOf(mutant: string): string {
  return mutant.replace(/[a-z]$/, '');
}
