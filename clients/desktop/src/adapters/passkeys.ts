import type { PasskeyPort } from '@rockpool/client-core';

/** A process without a window has no passkey prompt: another device of its person vouches for it. */
export const noPasskeys: PasskeyPort = {
  capabilities: async () => ({
    usable: true,
    thisDevice: false,
    phone: false,
    securityKey: false,
  }),
  register: async () => 'unavailable',
  authenticate: async () => 'unavailable',
};
