import type { ActionResult, ClientView, Rockpool } from '@rockpool/client-core';

const refused = {
  ok: false,
  error: {
    code: 'CLUSTER_UNAVAILABLE',
    message: 'The servers cannot agree right now, so changes have to wait.',
    remedy: 'Conversations go on; try the change again in a moment.',
  },
} as const satisfies ActionResult;

const LINK = `http://localhost:8080/#${'pGF2AWRwb29sghk0ElggAAECAwQFBgcICQoLDA0ODw'.repeat(5)}`;
const INVITE_EXPIRY_MS = Date.UTC(2026, 10, 30, 9, 0);

/** Shows one view for ever; every action fails with words, but an invite is made. */
export function fakeRockpool(view: ClientView): Rockpool {
  const refuse = async () => refused;
  return {
    view: () => view,
    subscribe: () => () => {},
    createAccount: refuse,
    signIn: refuse,
    acceptInvite: refuse,
    dismissArrival: () => {},
    createPool: refuse,
    invite: async () => ({ ok: true, value: { link: LINK, expiryMs: INVITE_EXPIRY_MS } }),
    sendText: refuse,
    offerFile: refuse,
    fetchFile: refuse,
    openFile: refuse,
    renameMe: refuse,
    renamePool: refuse,
    setActivePool: () => {},
    stop: async () => {},
  };
}
