// The journeys stand on three things a browser must really have: passkeys, data channels and files of
// its own. Each Chromium that this machine offers shows all three.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import t from 'tap';
import { VirtualAuthenticator } from '../kit/authenticator.ts';
import { installedBrowsers, openBrowser, preferredBrowser } from '../kit/browser.ts';

const server = await servePage();
const origin = `http://localhost:${(server.address() as AddressInfo).port}/`;
const browsers = await installedBrowsers();

t.teardown(() => server.close());

t.test('a machine has a Chromium, and the preferred one is the first found', async (t) => {
  t.equal(browsers[0]?.executablePath, (await preferredBrowser()).executablePath);
});

for (const installed of browsers) {
  t.test(`the ${installed.name} Chromium`, async (t) => {
    const browser = await openBrowser({ browser: installed });
    t.teardown(() => browser.close());
    const [left, right] = [await openPage(browser), await openPage(browser)];

    t.test('makes a passkey and signs with it in another context', async (t) => {
      const there = await VirtualAuthenticator.attach(left);
      const here = await VirtualAuthenticator.attach(right);
      const made = await left.evaluate(createPasskey);
      t.equal((await there.credentials()).length, 1);
      await there.copyTo(here);
      t.same(await right.evaluate(signIn), {
        id: made,
        userHandle: [7, 7, 7, 7],
      });
    });

    t.test('carries a message over a data channel between two contexts', async (t) => {
      const offer = await left.evaluate(makeOffer);
      const answer = await right.evaluate(answerOffer, offer);
      t.equal(await left.evaluate(exchange, answer), 'echo: ahoy');
    });

    t.test('keeps a file in its origin private file system', async (t) => {
      t.equal(await left.evaluate(writeAndReadBack), 'rockpool');
    });
  });
}

async function servePage(): Promise<Server> {
  const listening = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>kit</title>');
  });
  await new Promise<void>((resolve) => listening.listen(0, 'localhost', resolve));
  return listening;
}

async function openPage(browser: Browser): Promise<Page> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(origin);
  return page;
}

// The functions below run inside the page.

async function createPasskey(): Promise<string> {
  const credential = await navigator.credentials.create({
    publicKey: {
      rp: { id: 'localhost', name: 'kit' },
      user: {
        id: new Uint8Array([7, 7, 7, 7]),
        name: 'kit',
        displayName: 'kit',
      },
      challenge: new Uint8Array(32),
      pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
      authenticatorSelection: {
        residentKey: 'required',
        userVerification: 'required',
      },
    },
  });
  return credential?.id ?? '';
}

async function signIn(): Promise<{ id: string; userHandle: number[] }> {
  const credential = await navigator.credentials.get({
    publicKey: {
      rpId: 'localhost',
      challenge: new Uint8Array(32),
      userVerification: 'required',
    },
  });
  const { id, response } = credential as PublicKeyCredential;
  const { userHandle } = response as AuthenticatorAssertionResponse;
  return {
    id,
    userHandle: [...new Uint8Array(userHandle ?? new ArrayBuffer(0))],
  };
}

async function makeOffer(): Promise<string> {
  const connection = new RTCPeerConnection();
  const channel = connection.createDataChannel('kit');
  Object.assign(globalThis, { connection, channel });
  await connection.setLocalDescription();
  await new Promise<void>((resolve) => {
    connection.onicecandidate = ({ candidate }) => candidate ?? resolve();
  });
  return connection.localDescription?.sdp ?? '';
}

async function answerOffer(sdp: string): Promise<string> {
  const connection = new RTCPeerConnection();
  connection.ondatachannel = ({ channel }) => {
    channel.onmessage = ({ data }) => channel.send(`echo: ${data}`);
  };
  Object.assign(globalThis, { connection });
  await connection.setRemoteDescription({ type: 'offer', sdp });
  await connection.setLocalDescription();
  await new Promise<void>((resolve) => {
    connection.onicecandidate = ({ candidate }) => candidate ?? resolve();
  });
  return connection.localDescription?.sdp ?? '';
}

async function exchange(sdp: string): Promise<string> {
  const { connection, channel } = globalThis as unknown as {
    connection: RTCPeerConnection;
    channel: RTCDataChannel;
  };
  const echoed = new Promise<string>((resolve) => {
    channel.onmessage = ({ data }) => resolve(data);
    channel.onopen = () => channel.send('ahoy');
  });
  await connection.setRemoteDescription({ type: 'answer', sdp });
  return echoed;
}

async function writeAndReadBack(): Promise<string> {
  const root = await navigator.storage.getDirectory();
  const handle = await root.getFileHandle('kit', { create: true });
  const writable = await handle.createWritable();
  await writable.write('rockpool');
  await writable.close();
  return (await (await root.getFileHandle('kit')).getFile()).text();
}
