// The behaviours that any Raft must show, as the tests of the field's implementations pin them down, and as the
// titles of our tests quote them: C01 to C115 after etcd's, X01 to X13 after those of the others.
import type { Behaviour } from './rules/raft-conformance.ts';

const NOT_OURS = {
  forwarding:
    'the core forwards nothing: it names the leader, and the driver sends the proposal there',
  forget: 'there is no such operation: a transfer makes followers vote early',
  lease: 'there are no lease reads: they rest on clocks',
  apply: 'a change is in force from the moment that it is in the log',
  alone: 'nothing is released yet: there is no other version to work with',
  mixed: 'pre-vote is always on: there is no group in which only some have it',
} as const;

/** In the order of the page. */
export const RAFT_BEHAVIOURS: Readonly<Record<string, readonly Behaviour[]>> = {
  'Terms and elections': [
    {
      id: 'C01',
      says: 'an append of a higher term makes any role a follower in it',
      brokenBy: ['not-C01'],
    },
    { id: 'C02', says: 'what comes with a lower term changes nothing', brokenBy: ['not-C02'] },
    { id: 'C03', says: 'every start is as a follower', brokenBy: ['not-C03'] },
    {
      id: 'C04',
      says: 'a leader sends heartbeats to all others, in its interval',
      brokenBy: ['not-C04'],
    },
    {
      id: 'C05',
      says: 'silence for an election timeout starts a campaign, with a vote for itself',
      brokenBy: ['not-C05'],
    },
    {
      id: 'C06',
      says: 'a campaign that times out is followed by one in a higher term',
      brokenBy: ['not-C06'],
    },
    { id: 'C07', says: 'a majority decides an election, either way', brokenBy: ['not-C07'] },
    { id: 'C08', says: 'one vote in a term, also across a crash', brokenBy: ['B10b', 'B10c'] },
    {
      id: 'C09',
      says: 'a candidate yields to a leader of its term or a higher one',
      brokenBy: ['not-C09'],
    },
    { id: 'C10', says: 'timeouts take every value of their range', brokenBy: ['B12'] },
    { id: 'C11', says: 'timeouts seldom coincide', brokenBy: ['B12'] },
    {
      id: 'C12',
      says: 'a request for votes tells all others where the log ends',
      brokenBy: ['not-C12'],
    },
    {
      id: 'C13',
      says: 'a candidate with an older log is refused',
      brokenBy: ['A8a', 'A8b', 'A8c'],
    },
    {
      id: 'C14',
      says: 'every node can be elected, whatever it has in its log',
      brokenBy: ['not-C14'],
    },
    {
      id: 'C15',
      says: 'uncommitted entries of a higher term can be overwritten',
      brokenBy: ['A4', 'D4'],
    },
    {
      id: 'C16',
      says: 'a vote is given from any role; a pre-vote changes nothing',
      brokenBy: ['not-C16'],
    },
    {
      id: 'C17',
      says: 'candidates of two sides of a partition come to terms without inflating them',
      brokenBy: ['B13'],
    },
    {
      id: 'C18',
      says: 'a candidate with a shorter log takes over that of the leader',
      brokenBy: ['A8c'],
    },
    { id: 'C19', says: 'a single voter elects itself and commits alone', brokenBy: ['B9', 'D9a'] },
    { id: 'C20', says: 'late appends of past leaders change nothing', brokenBy: ['not-C02'] },
    {
      id: 'C21',
      says: 'the own vote counts once durable, and not after the election',
      brokenBy: ['not-C21', 'A13'],
    },
    { id: 'C22', says: 'the own copy counts no more after stepping down', brokenBy: ['not-C22'] },
    { id: 'C23', says: 'a leader does not campaign', brokenBy: ['not-C23'] },
    { id: 'C24', says: 'roles change only along the paths of Raft', brokenBy: ['not-C24'] },
  ],
  'Replication and commit': [
    { id: 'C30', says: 'a proposal is appended and sent before it commits', brokenBy: ['not-C30'] },
    {
      id: 'C31',
      says: 'the leader applies what commits, and tells how far',
      brokenBy: ['not-C31'],
    },
    {
      id: 'C32',
      says: 'a commit needs a majority of durable copies',
      brokenBy: ['D9a', 'A6a', 'A6b'],
    },
    { id: 'C33', says: 'an entry commits all before it', brokenBy: ['not-C33'] },
    { id: 'C34', says: 'followers apply in order, once told', brokenBy: ['not-C34'] },
    {
      id: 'C35',
      says: 'an append that does not follow on the log is refused, with a hint',
      brokenBy: ['not-C35'],
    },
    { id: 'C36', says: 'a log is cut only from the first conflict on', brokenBy: ['A3', 'A4'] },
    { id: 'C37', says: 'a follower commits no further than the append covers', brokenBy: ['A2'] },
    {
      id: 'C38',
      says: 'followers of every kind get the log of the leader',
      brokenBy: ['A4', 'D4', 'not-C35'],
    },
    {
      id: 'C39',
      says: 'entries of earlier terms do not commit by being counted',
      brokenBy: ['A1'],
    },
    { id: 'C40', says: 'a new leader appends an empty entry', brokenBy: ['not-C40'] },
    {
      id: 'C41',
      says: `a proposal elsewhere is refused (${NOT_OURS.forwarding})`,
      brokenBy: ['not-C41'],
    },
    {
      id: 'C42',
      says: 'a heartbeat carries no commit index beyond what its receiver has',
      brokenBy: ['not-C42'],
    },
    { id: 'C43', says: 'a heartbeat’s answer brings lost appends again', brokenBy: ['not-C43'] },
    { id: 'C44', says: 'finding the agreement skips whole terms', brokenBy: ['F13'] },
    {
      id: 'C45',
      says: 'appends out of order do no harm, nor does a late refusal',
      brokenBy: ['A3', 'A11a'],
    },
    {
      id: 'C46',
      says: 'what a follower is known to have never shrinks',
      brokenBy: ['A11b', 'A11a'],
    },
    {
      id: 'C47',
      says: 'who has everything is sent nothing but the commit index',
      brokenBy: ['not-C47'],
    },
  ],
  'Flow control': [
    { id: 'C50', says: 'probing sends one append for each heartbeat', brokenBy: ['not-C50'] },
    { id: 'C51', says: 'appends under way are bounded in number and bytes', brokenBy: ['not-C51'] },
    {
      id: 'C52',
      says: 'a full window whose messages were lost opens again',
      brokenBy: ['not-C52'],
    },
    { id: 'C53', says: 'a broken connection leads back to probing', brokenBy: ['not-C53'] },
    {
      id: 'C54',
      says: 'uncommitted bytes are bounded, and counted exactly',
      brokenBy: ['not-C54'],
    },
    { id: 'C55', says: 'committed entries are handed out in bounded pages', brokenBy: ['not-C55'] },
  ],
  'Quorum check and pre-vote': [
    { id: 'C60', says: 'a leader that no quorum answers steps down by itself', brokenBy: ['B5'] },
    {
      id: 'C61',
      says: 'who hears a leader answers no candidate, and takes no term from it',
      brokenBy: ['B6'],
    },
    {
      id: 'C62',
      says: 'a candidate in a higher term is freed: the leader yields',
      brokenBy: ['B1'],
    },
    {
      id: 'C63',
      says: 'a node that comes back from a partition raises no term',
      brokenBy: ['B13'],
    },
    { id: 'C64', says: 'a pre-vote is granted only while the leader is silent', brokenBy: ['B6'] },
    {
      id: 'C65',
      says: 'a node of a lower term that returns as the leader dies gets an answer',
      brokenBy: ['B1', 'B3'],
    },
    { id: 'C66', says: 'a split pre-vote is resolved later', brokenBy: ['B12'] },
    { id: 'C67', says: 'pre-vote can be switched on node by node', notOurs: NOT_OURS.mixed },
    { id: 'C68', says: 'who is no voter never leads', brokenBy: ['E9a', 'not-C99'] },
    { id: 'C69', says: 'a follower can be told to forget its leader', notOurs: NOT_OURS.forget },
  ],
  Reads: [
    {
      id: 'C70',
      says: 'a read ends at the commit index or above, after a quorum answered',
      brokenBy: ['C1', 'C2a'],
    },
    { id: 'C71', says: 'a new leader holds reads until it has committed', brokenBy: ['C3'] },
    { id: 'C72', says: 'answers to something earlier confirm no read', brokenBy: ['C2a'] },
    { id: 'C73', says: 'confirmed reads are forgotten', brokenBy: ['not-C73'] },
    { id: 'C74', says: 'a deposed leader confirms nothing', brokenBy: ['C1', 'F5'] },
    { id: 'C75', says: 'lease reads need the quorum check', notOurs: NOT_OURS.lease },
  ],
  'Snapshots and the log': [
    { id: 'C80', says: 'a snapshot sets the place of the log, and who votes', brokenBy: ['E13'] },
    { id: 'C81', says: 'a snapshot of what is committed is not needed', brokenBy: ['not-C81'] },
    {
      id: 'C82',
      says: 'a snapshot may make a voter a learner, or the other way',
      brokenBy: ['E13'],
    },
    {
      id: 'C83',
      says: 'a follower behind the log gets a snapshot, and no appends meanwhile',
      brokenBy: ['F14'],
    },
    {
      id: 'C84',
      says: 'a snapshot at the end of the log lets a follower go on at once',
      brokenBy: ['not-C84'],
    },
    {
      id: 'C85',
      says: 'an older snapshot is good if the log goes on from it',
      brokenBy: ['not-C85'],
    },
    { id: 'C86', says: 'a log that was cut keeps its place', brokenBy: ['not-C86'] },
    {
      id: 'C87',
      says: 'a disk answer for replaced entries makes nothing durable',
      brokenBy: ['D15'],
    },
    {
      id: 'C88',
      says: 'promises leave when what they promise is durable',
      brokenBy: ['B10b', 'D2a', 'D2b'],
    },
    { id: 'C89', says: 'a restart hands out only what is not yet applied', brokenBy: ['F12'] },
  ],
  Membership: [
    { id: 'C90', says: 'one change of members at a time', brokenBy: ['E3'] },
    {
      id: 'C91',
      says: 'a change that is not yet in force keeps a node from campaigning',
      notOurs: NOT_OURS.apply,
    },
    {
      id: 'C92',
      says: 'more than one voter changes only by way of a joint configuration',
      brokenBy: ['not-C92'],
    },
    {
      id: 'C93',
      says: 'a voter that becomes a learner does so as the joint configuration ends',
      brokenBy: ['A7b'],
    },
    {
      id: 'C94',
      says: 'adding who is there and removing who is not do no harm',
      brokenBy: ['not-C94'],
    },
    { id: 'C95', says: 'a joint configuration needs both majorities', brokenBy: ['A7b'] },
    { id: 'C96', says: 'a joint configuration is left by itself, once', brokenBy: ['E4', 'E5'] },
    { id: 'C97', says: 'no other change begins within a joint configuration', brokenBy: ['E3'] },
    { id: 'C98', says: 'a removed leader does not count itself', brokenBy: ['not-C98', 'E11b'] },
    { id: 'C99', says: 'a removed node does not campaign', brokenBy: ['not-C99'] },
    {
      id: 'C100',
      says: 'learners receive the log, and neither count nor campaign',
      brokenBy: ['A7a', 'E9a'],
    },
    { id: 'C101', says: 'learners answer requests for votes', brokenBy: ['E9b'] },
    { id: 'C102', says: 'removing a node can commit what waited', brokenBy: ['E2'] },
    { id: 'C103', says: 'adding a node lets no leader step down', brokenBy: ['A7a'] },
    { id: 'C104', says: 'a new node is found by a snapshot', brokenBy: ['not-C104'] },
  ],
  'Leadership transfer': [
    {
      id: 'C110',
      says: 'leadership goes to a follower, once it has the log',
      brokenBy: ['not-C110'],
    },
    { id: 'C111', says: 'a transfer works although all hear the leader', brokenBy: ['not-C111'] },
    {
      id: 'C112',
      says: 'a transfer to itself or to a stranger does nothing',
      brokenBy: ['not-C112'],
    },
    {
      id: 'C113',
      says: 'no proposal is taken meanwhile, for an election timeout at most',
      brokenBy: ['F4'],
    },
    {
      id: 'C114',
      says: 'a higher term, or the loss of its target, ends a transfer',
      brokenBy: ['not-C114'],
    },
    {
      id: 'C115',
      says: 'another target replaces the first; the same one has no more time',
      brokenBy: ['not-C115'],
    },
  ],
  'Beyond etcd': [
    { id: 'X01', says: 'a damaged log stops a node, alone or not', brokenBy: ['not-X02'] },
    { id: 'X02', says: 'a damaged entry is never taken for an absent one', brokenBy: ['not-X02'] },
    { id: 'X03', says: 'links that work one way only keep nobody from going on', brokenBy: ['B5'] },
    {
      id: 'X04',
      says: 'who returns is caught up although nobody writes',
      brokenBy: ['not-C43', 'F1b'],
    },
    { id: 'X05', says: 'a wiped node comes back only as a new one', brokenBy: ['not-X05'] },
    { id: 'X06', says: 'a snapshot under way holds up nobody', brokenBy: ['not-X06'] },
    { id: 'X07', says: 'a disk that fails ends the work of its node', brokenBy: ['not-X07'] },
    { id: 'X08', says: 'a follower that hangs holds up nobody', brokenBy: ['A6c'] },
    {
      id: 'X09',
      says: 'a leader that restarts keeps its term, and nothing else of its office',
      brokenBy: ['not-C03', 'B10a'],
    },
    { id: 'X10', says: 'heartbeat and append may come in either order', brokenBy: ['not-X10'] },
    { id: 'X11', says: 'two versions work together', notOurs: NOT_OURS.alone },
    { id: 'X12', says: 'what is sent again is applied at most once', brokenBy: ['F6'] },
    { id: 'X13', says: 'a log that went back is noticed', brokenBy: ['not-X13'] },
  ],
};
