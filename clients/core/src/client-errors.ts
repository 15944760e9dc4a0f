// What only a client can know: the person, the browser, the disk. docs/errors.md is generated from here and
// from the protocol's table.

export const CLIENT_ERRORS = {
  PASSKEY_CANCELLED: {
    message: 'The passkey prompt was closed or timed out.',
    remedy: 'Try again and confirm with your passkey.',
  },
  PASSKEY_UNAVAILABLE: {
    message: 'No passkey could be used here.',
    remedy: 'Use a phone or a security key, or another browser.',
  },
  STORE_FULL: {
    message: 'There is no room left on this device.',
    remedy: 'Free some space and try again.',
  },
  LINK_DIGITS: {
    message: 'The digits were not the same, so the device was not added.',
    remedy: 'Begin again with a new code. If it happens twice, do not trust this server.',
  },
  LINK_TIMEOUT: {
    message: 'Nobody answered in time.',
    remedy: 'Begin again with a new code; each is good for two minutes.',
  },
  LINK_CANCELLED: {
    message: 'Adding the device was cancelled.',
    remedy: 'Begin again with a new code when you are ready.',
  },
  OFFLINE: {
    message: 'The servers cannot be reached right now.',
    remedy: 'Check the network and try again; open conversations go on meanwhile.',
  },
} as const;

export type ClientErrorCode = keyof typeof CLIENT_ERRORS;
