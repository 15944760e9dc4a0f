// Every limit of a wire or stored message, in one place. Units last.

/** Users and pools live in this many slots; meta maps slot ranges to groups. */
export const SLOTS = 65_536;

/** One signed statement. */
export const STATEMENT_BYTES_MAX = 4 * 1024;
/** A certificate that a passkey signs. */
export const ENROLMENT_BYTES_MAX = 1024;
/** A statement with its signatures. */
export const ENVELOPE_BYTES_MAX = 8 * 1024;
/** All links of one user or pool together. */
export const CHAIN_BYTES_MAX = 4 * 1024 * 1024;
/** Highest seq of a chain. */
export const CHAIN_LINKS_MAX = 4096;
/** A user's or pool's replayed state as a row (at most one device entry per link). */
export const STATE_ROW_BYTES_MAX = 2 * 1024 * 1024;
/** The signer's user links that travel with a pool command. */
export const EVIDENCE_BYTES_MAX = 64 * 1024;

/** Devices of a user; expired temporary ones do not count. */
export const USER_DEVICES_MAX = 32;
/** Passkeys of a user. */
export const USER_PASSKEYS_MAX = 8;
/** Pools that a user is in. */
export const USER_POOLS_MAX = 64;
/** Members of a pool. */
export const POOL_MEMBERS_MAX = 500;
/** Invites of a pool that are unused and not expired. */
export const POOL_INVITES_OPEN_MAX = 500;
/** Origins at which a passkey may be used. */
export const CREDENTIAL_ORIGINS_MAX = 8;
/** A passkey's credential id (WebAuthn's own limit). */
export const CREDENTIAL_ID_BYTES_MAX = 1023;
/** A COSE key of RS256 with 4096 bits is about 530 bytes. */
export const COSE_KEY_BYTES_MAX = 1024;

/** A full device's life; it renews while it is used. */
export const DEVICE_LIFE_MAX_MS = 90 * 24 * 3600 * 1000;
/** A temporary device's life. */
export const TEMPORARY_DEVICE_LIFE_MAX_MS = 24 * 3600 * 1000;
/** How long a passkey's certificate for a new device is good for. */
export const ENROLMENT_LIFE_MAX_MS = 10 * 60 * 1000;
/** An invite's life. */
export const INVITE_LIFE_MAX_MS = 7 * 24 * 3600 * 1000;
/** Authors choose expiries this much below their maximum: their clock may be a little ahead. */
export const EXPIRY_MARGIN_MS = 60 * 1000;
/** Tolerated difference between an author's clock and a node's. */
export const CLOCK_SKEW_MAX_MS = 10 * 60 * 1000;
/** How long a socket authentication proof is good for. */
export const SOCKET_PROOF_LIFE_MAX_MS = 2 * 60 * 1000;
/** A new device's code is good for this long, and a meeting under it once more as long. */
export const MEETING_LIFE_MS = 2 * 60 * 1000;
/** What one of the two devices of a meeting says to the other. */
export const MEETING_BODY_BYTES_MAX = 8 * 1024;
/** Characters of a new device's code: one for its node, the others random. */
export const MEETING_CODE_CHARS = 8;
/** Codes that one user may try within the window; trying is counted in the log. */
export const MEETING_TRIES_MAX = 5;
export const MEETING_TRIES_WINDOW_MS = 15 * 60 * 1000;
/** Fragment of a new device's link: about 210 characters are used. */
export const MEETING_LINK_CHARS_MAX = 512;
/** Fragment of an invite link: about 270 characters are used. */
export const INVITE_LINK_CHARS_MAX = 512;
/** How long the first administrator's link is good for. */
export const FIRST_ADMIN_LIFE_MS = 3600 * 1000;

/** After a restore or recovery, how long clients bring back links that the nodes lost before chains go on. */
export const GRACE_MAX_MS = 7 * 24 * 3600 * 1000;
/** Links that one command or frame brings back. */
export const OFFER_LINKS_MAX = 8;
/** Links of authors' own chains that come with them, at most as many bytes as evidence may have. */
export const OFFER_EVIDENCE_LINKS_MAX = 64;
/** Links of one chain that are kept until its branch is chosen; of them those by one signer; their bytes, with the states after the newest. */
export const BRANCH_LINKS_MAX = 512;
export const BRANCH_SIGNER_LINKS_MAX = 256;
export const BRANCH_BYTES_MAX = 8 * 1024 * 1024;

/** A WebSocket frame in either direction; a chain travels in pages. */
export const FRAME_BYTES_MAX = 128 * 1024;
/** The sealed body of one signal: an SDP with its signature is 2 to 4 KiB. */
export const SIGNAL_BODY_BYTES_MAX = 32 * 1024;
/** Links in one page of a chain, and their bytes. */
export const CHAIN_PAGE_LINKS_MAX = 256;
export const CHAIN_PAGE_BYTES_MAX = 96 * 1024;
/** Pools that one socket may watch. */
export const WATCHED_POOLS_MAX = 64;
/** Devices of a pool that presence lists (500 members, a few devices each, online at once). */
export const PRESENCE_DEVICES_MAX = 2000;

/** The SDP of one session description. */
export const SDP_BYTES_MAX = 16 * 1024;

/** A control frame between peers; wire frames on data channels stay at or below 64 KiB. */
export const CHANNEL_FRAME_BYTES_MAX = 64 * 1024;
/** Version vector entries in one hello (device logs of one pool). */
export const VECTOR_ENTRIES_MAX = 1000;
/** A record's header, which is about 300 bytes. */
export const RECORD_HEADER_BYTES_MAX = 512;
/** A record's body: text, a file offer, a profile. */
export const RECORD_BODY_BYTES_MAX = 48 * 1024;
/** Records in one frame between peers. */
export const RECORDS_PER_FRAME_MAX = 64;
/** A message's text. */
export const MESSAGE_TEXT_BYTES_MAX = 32 * 1024;
/** What a person wants to be called. */
export const DISPLAY_NAME_BYTES_MAX = 64;
/** What a pool is called. */
export const POOL_NAME_BYTES_MAX = 96;
/** Records this far ahead of the local clock are set aside. */
export const RECORD_FUTURE_MAX_MS = 10 * 60 * 1000;
/** The counter of a record's hybrid logical clock. */
export const LOGICAL_COUNTER_MAX = 65_535;

/** The unit of hashing and transfer, whatever the file's size (the last block may be shorter). */
export const BLOCK_BYTES = 256 * 1024;
/** One terabyte: 4 Mi blocks, a bitfield of 512 KiB. */
export const FILE_BYTES_MAX = 2 ** 40;
/** The name of a file. */
export const FILE_NAME_BYTES_MAX = 255;
/** The media type of a file. */
export const MEDIA_TYPE_BYTES_MAX = 127;
/** Payload of one block frame: five frames carry a block, headers stay inside 64 KiB. */
export const BLOCK_FRAME_PAYLOAD_BYTES = 60 * 1024;
