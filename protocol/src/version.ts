/** Version of the frames between client and server, shown in hello. */
export const WIRE_VERSION = 1;
/** Version of the frames between peers, shown in the first control frame. */
export const CHANNEL_VERSION = 1;
