// Every kind of fault that this simulation knows, by an id (N network, P processes, D disks,
// K clocks, O operations), and the few that it leaves to others, with the reason. A kind that never fires tests nothing, silently: a run of
// enough seeds in which one is missing fails.

export interface FaultKind {
  readonly what: string;
  /** Why no seed has it. */
  readonly leftOut?: string;
}

const kind = (what: string): FaultKind => ({ what });
const leftOut = (what: string, why: string): FaultKind => ({ what, leftOut: why });

export const FAULTS = {
  N1: kind('a message is lost'),
  N2: kind('a message is late, now and then by seconds'),
  N3: kind('messages overtake each other'),
  N4: kind('a message comes twice'),
  N5: kind('a message of long ago comes again, across restarts too'),
  N6: kind('a partition'),
  N7: kind('a link that carries one direction only, or on which one end connects in vain'),
  N8: kind('a bridge: two nodes hear each other through a third one only'),
  N9: kind('the leader alone is cut off'),
  N10: kind('a link that comes and goes'),
  N11: kind('a link that stands still, and then brings everything at once'),
  N12: kind('a full send queue'),
  N13: kind('a connection that breaks in the midst of a frame'),
  N14: kind('a damaged frame, or a damaged entry in it'),
  N15: kind('a frame of another cluster, another store, for another node, or of a former start'),
  P1: kind('a crash'),
  P2: kind('a crash between any two steps of what a node does to its disk'),
  P3: kind('crash after crash'),
  P4: kind('a pause of up to ten election timeouts, after which old timers go on'),
  P5: kind('a power loss of all nodes'),
  P6: kind('a slow start'),
  P7: kind('an event loop that stalls'),
  P8: kind('a restart with another version of the rules, up or down'),
  P9: kind('a known node on an empty disk'),
  P10: kind('a known node on an old copy of its disk, or on one of a moment ago'),
  P11: kind('a crash while a snapshot is sent, received or installed'),
  P12: kind('a crash during a change of the membership'),
  P13: kind('a node that moves to another address'),
  D1: kind('a crash takes a batch that was not yet confirmed'),
  D2: leftOut(
    'unsynced writes of an older log are lost while synced ones of a newer log survive',
    'there is no unsynced write: the rule "one file writes the database" keeps it so',
  ),
  D3: kind('a batch that was half written'),
  D4: kind('batches in the middle of the log that LevelDB drops without a word'),
  D5: kind('a flipped bit, at rest or on the way from the disk'),
  D6: leftOut(
    'a read that gives an older value',
    'its checksum holds: nothing in a value says that there is a newer one',
  ),
  D7: kind('a block of a table that lies where another one was'),
  D8: kind('fsync fails once'),
  D9: kind('a write fails half way'),
  D10: kind('a disk that is slow now and then'),
  D11: kind('a write that never ends'),
  D12: kind('a disk that turns read-only'),
  D13: kind('a database that cannot be opened'),
  D14: kind('a log that was cut off cleanly between two batches'),
  K1: kind('clocks that run up to 30 percent fast or slow'),
  K2: kind('a clock that jumps forward'),
  K3: kind('a clock that jumps back'),
  K4: kind('a time of day that stands still'),
  K5: kind('many ticks at once'),
  O1: kind('changes of the membership'),
  O2: kind('leadership is moved about'),
  O3: kind('an election that nobody needed'),
  O4: kind('a log cut off to its tip, so that others need a snapshot'),
  O5: leftOut('backup and restore', 'cluster/test has it, on real stores'),
  O6: leftOut('recovery without a quorum', 'cluster/test has it, on real stores'),
  O7: leftOut('new settings without a restart', 'a node reads its settings when it starts'),
  O8: kind('a client that gives up on a node and goes to another one'),
  O9: kind('times in which nobody asks for anything'),
  O10: kind('more at once than there is room for'),
  O11: kind('a hundred groups with skewed load'),
  O12: kind('a full disk that has room again later'),
  O13: kind('a disk that is nearly full for a while'),
} as const satisfies Readonly<Record<string, FaultKind>>;

export type FaultId = keyof typeof FAULTS;

export const FAULT_IDS = Object.keys(FAULTS) as readonly FaultId[];

export function isFired(id: FaultId): boolean {
  const fault: FaultKind = FAULTS[id];
  return fault.leftOut === undefined;
}
