import type { ActionResult, ClientView, ConnectionReport, Rockpool } from '@rockpool/client-core';

const refused = {
  ok: false,
  error: {
    code: 'CLUSTER_UNAVAILABLE',
    message: 'The servers cannot agree right now, so changes have to wait.',
    remedy: 'Conversations go on; try the change again in a moment.',
  },
} as const satisfies ActionResult;

const unknownCode = {
  ok: false,
  error: {
    code: 'LINK_UNKNOWN',
    message: 'No device waits under this code.',
    remedy: 'Compare it with the new device letter by letter; a code is good for two minutes.',
  },
} as const satisfies ActionResult;

/** Under this code a made-up device waits, and is added at once. */
export const NEW_DEVICE_CODE = 'K7QM-3XPA';

const LINK = `http://localhost:8080/#${'pGF2AWRwb29sghk0ElggAAECAwQFBgcICQoLDA0ODw'.repeat(5)}`;
const INVITE_EXPIRY_MS = Date.UTC(2026, 10, 30, 9, 0);

/**
 * Shows one view for ever; every action fails with words, but an invite is made, one device added, and a connection
 * check ends with this report, or never where that is 'busy'.
 */
export function fakeRockpool(view: ClientView, report?: ConnectionReport | 'busy'): Rockpool {
  const refuse = async () => refused;
  return {
    view: () => view,
    subscribe: () => () => {},
    createAccount: refuse,
    signIn: refuse,
    acceptInvite: refuse,
    linkThisDevice: refuse,
    addDevice: async (code) =>
      code === NEW_DEVICE_CODE ? { ok: true, value: undefined } : unknownCode,
    answerDigits: () => {},
    cancelLinking: () => {},
    dismissArrival: () => {},
    createPool: refuse,
    invite: async () => ({ ok: true, value: { link: LINK, expiryMs: INVITE_EXPIRY_MS } }),
    sendText: refuse,
    offerFile: refuse,
    fetchFile: refuse,
    openFile: refuse,
    hideAddress: async () => ({ ok: true, value: undefined }),
    renameMe: refuse,
    renamePool: refuse,
    checkConnection: () => {
      if (report === 'busy') return new Promise(() => {});
      return Promise.resolve(report === undefined ? refused : { ok: true, value: report });
    },
    setActivePool: () => {},
    stop: async () => {},
  };
}
