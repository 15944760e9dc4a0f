// Limits of the client itself; those of the wire are in the protocol. Units last.

export const REQUEST_TIMEOUT_MS = 8_000;
/** How often a safe request is tried, over different nodes. */
export const REQUEST_TRIES_MAX = 3;
export const REQUESTS_PENDING_MAX = 256;
/** An opened socket that has said nothing is given up. */
export const HELLO_TIMEOUT_MS = 5_000;
export const HEARTBEAT_MS = 15_000;
export const HEARTBEAT_SILENCE_MS = 8_000;
/** Likewise, once the device may be on another network: the way to the node is probably gone. */
export const NETWORK_CHANGE_SILENCE_MS = 2_000;
export const RECONNECT_FIRST_MS = 120;
export const RECONNECT_MAX_MS = 8_000;
export const JUST_BACK_MS = 10_000;
/** A node whose socket broke is believed to be up again only after this long. */
export const SUSPECT_MS = 4_000;
export const NOTICE_LIFE_MS = 8_000;
export const NOTICES_MAX = 5;

/** How long the other device of a meeting may take where no person has to do anything. */
export const MEETING_REPLY_MS = 15_000;
/** How long the node may take to confirm that a meeting is left. */
export const MEETING_LEAVE_MS = 2_000;
/** How often a new device that has signed asks whether the cluster knows it: for some ten seconds, on a slow network longer. */
export const MEETING_ENTER_TRIES_MAX = 10;
/** What the other device may say before it is looked at. */
export const MEETING_BODIES_MAX = 16;
/** How often the link of a new device is made anew because the chain grew meanwhile. */
export const MEETING_LINK_TRIES_MAX = 4;

/** Pages of one chain that are read in a row. */
export const CHAIN_PAGES_MAX = 128;

/** Up to this many devices online, everybody connects to everybody; above, along a ring. */
export const FULL_MESH_DEVICES_MAX = 8;
export const CONNECTIONS_MAX = 64;
export const CONNECT_TIMEOUT_MS = 15_000;
/** How long the first offer waits for its answer: it may have gone to a socket that is dead already. Then twice that, … */
export const ANSWER_TIMEOUT_FIRST_MS = 4_000;
export const CONNECT_RETRY_FIRST_MS = 500;
export const CONNECT_RETRY_MAX_MS = 20_000;
export const DISCONNECTED_GRACE_MS = 2_000;
export const FAILED_GRACE_MS = 10_000;
/** Signals of one peer that wait for their turn. */
export const SIGNALS_QUEUED_MAX = 128;
/** Devices whose signals wait at the same time; a server could make up any number. */
export const SIGNAL_SENDERS_MAX = 256;
export const CONNECTIONS_REMEMBERED_MAX = 256;
/** Connections that offers of one peer may begin in a minute. */
export const OFFERS_PER_MINUTE_MAX = 30;
export const PEER_PING_MS = 10_000;

/** Bytes on a control channel above which no further history is queued. */
export const CONTROL_HIGH_BYTES = 256 * 1024;
/** A peer that lets so much wait on the control channel does not read: it is let go. */
export const CONTROL_MAX_BYTES = 8 * 1024 * 1024;
export const VECTOR_DELAY_MS = 80;
/** How long a holder waits for the author's own delivery before it passes a record on. */
export const GOSSIP_DELAY_MS = 500;
/** Frames of one peer that wait to be verified. */
export const INBOX_FRAMES_MAX = 512;
/** Logs of one pool: each device of each member has one, and those of expired devices stay. */
export const RECORD_LOGS_MAX = 16_384;
/** A device begins another log only when its store was set back. */
export const RECORD_LOGS_PER_DEVICE_MAX = 64;

/** Files up to this size are fetched without being asked. */
export const AUTO_FETCH_BYTES_MAX = 1024 * 1024 * 1024;
/** What nobody asked for leaves this much room: messages are stored in the same place. */
export const ROOM_KEPT_BYTES = 64 * 1024 * 1024;
export const FILES_SOUGHT_MAX = 256;
/** Offers may claim different sizes for one root; at most one is true. */
export const SIZES_PER_ROOT_MAX = 8;
export const DOWNLOADS_ACTIVE_MAX = 3;
export const REQUESTS_PER_SOURCE_MIN = 4;
export const REQUESTS_PER_SOURCE_MAX = 32;
/** Blocks received that wait for their hash or the disk. */
export const BLOCKS_PENDING_MAX = 64;
export const REQUESTS_SERVED_MAX = 64;
export const BULK_HIGH_BYTES = 1024 * 1024;
/** Blocks read ahead of the channel. */
export const READ_AHEAD_BLOCKS = 4;
export const STRIKES_MAX = 2;
export const SOURCE_SILENCE_MS = 10_000;
export const BITFIELD_SAVE_MS = 500;
export const HAVE_UPDATE_MS = 1_000;
export const SPEED_SAMPLE_MS = 500;
export const PICK_SCAN_BLOCKS_MAX = 4096;
/** Blocks hashed at once while a file is taken in. */
export const HASH_PARALLEL_BLOCKS = 4;

export const VIEW_INTERVAL_MS = 16;
