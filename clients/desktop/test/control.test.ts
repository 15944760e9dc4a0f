// The agent's socket, both ends.

import { existsSync, statSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { AgentError } from '../src/agent-errors.ts';
import { AgentConnection } from '../src/control/control-client.ts';
import { type Caller, startControlServer } from '../src/control/control-server.ts';
import {
  encodeMessage,
  encodeSlice,
  type Frame,
  FrameReader,
  SLICE_BYTES_MAX,
} from '../src/control/frames.ts';
import { readAnswer, readRequest, requestMessage } from '../src/control/messages.ts';
import { type Failure, failureOf } from '../src/failure.ts';
import { shortDirectory } from './kit/short-directory.ts';

t.test('frames come out as they went in, however the socket cuts them', (t) => {
  const frame = fc.oneof(
    fc
      .jsonValue()
      .map((value) => ({ bytes: encodeMessage(value), message: JSON.stringify(value) })),
    fc
      .uint8Array({ maxLength: 3_000 })
      .map((bytes) => ({ bytes: encodeSlice(bytes), slice: bytes })),
  );
  const property = fc.property(
    fc.array(frame, { maxLength: 8 }),
    fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1 }),
    (frames, cuts) => {
      const stream = Buffer.concat(frames.map(({ bytes }) => bytes));
      const reader = new FrameReader();
      const read: Frame[] = [];
      for (let at = 0, i = 0; at < stream.length; i++) {
        const end = at + (cuts[i % cuts.length] ?? 1);
        read.push(...(reader.push(new Uint8Array(stream.subarray(at, end))) ?? []));
        at = end;
      }
      t.equal(read.length, frames.length);
      read.forEach((got, i) => {
        const sent = frames[i];
        if (got.kind === 'message')
          t.equal(JSON.stringify(got.value), sent && 'message' in sent && sent.message);
        else t.same(got.bytes, sent && 'slice' in sent && sent.slice);
      });
    },
  );
  fc.assert(property, { numRuns: 50 });
  t.end();
});

t.test('no bytes and no value make a reader throw, or hold more than a frame', (t) => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 64 })), (chunks) => {
      const reader = new FrameReader();
      for (const chunk of chunks) reader.push(chunk);
    }),
  );
  const tooLong = new Uint8Array(5);
  new DataView(tooLong.buffer).setUint32(0, SLICE_BYTES_MAX + 2);
  tooLong[4] = 1;
  t.equal(new FrameReader().push(tooLong), undefined);
  t.equal(new FrameReader().push(new Uint8Array([0, 0, 0, 1, 7])), undefined, 'an unknown kind');
  const value = fc.oneof(fc.jsonValue(), fc.record({ v: fc.constant(1), op: fc.string() }));
  fc.assert(
    fc.property(value, (any) => {
      readRequest(any);
      readAnswer(any);
    }),
  );
  t.same(readRequest(requestMessage({ op: 'next', wait: true })), { op: 'next', wait: true });
  for (const wrong of [
    { v: 2, op: 'pools' },
    { v: 1, op: 'pools', more: 1 },
    { v: 1, op: 'constructor' },
    { v: 1, op: 'next', wait: 1 },
    { v: 1, op: 'slice', pool: 'p', entry: 'e', offset: -1, length: 1 },
    { v: 1, op: 'slice', pool: 'p', entry: 'e', offset: 0, length: SLICE_BYTES_MAX + 1 },
    { v: 1, op: 'say', pool: 'p', text: 'x'.repeat(40_000) },
    { v: 1, op: 'delivery', pool: 'p', entries: [1] },
  ]) {
    t.equal(readRequest(wrong), undefined, JSON.stringify(wrong).slice(0, 60));
  }
  t.end();
});

t.test('a request gets its events, its slices and its outcome', async (t) => {
  const directory = shortDirectory(t);
  const content = new Uint8Array(SLICE_BYTES_MAX).fill(7);
  const server = await startControlServer(directory, async (request, caller) => {
    if (request.op === 'slice') return { slice: content };
    if (request.op === 'say') throw new AgentError('POOL_UNKNOWN', '"x".');
    if (request.op === 'saved') throw new Error('a secret path');
    if (request.op !== 'offer') return { value: null };
    const progress = { entry: 'e', name: 'n', size: 4, bytes: 2, bytesPerSecond: 0, devices: 0 };
    caller.tell({ ...progress, online: 1 });
    return { value: [...(await caller.read(3, 4))] };
  });
  t.teardown(() => server.close());
  t.equal(statSync(join(directory, 'agent.sock')).mode & 0o777, 0o600);
  const agent = await AgentConnection.open(directory);
  const offer = { op: 'offer', pool: 'p', name: 'n', size: 4, mediaType: 't' } as const;
  const events: number[] = [];
  const parts = {
    onEvent: ({ bytes }: { readonly bytes: number }) => void events.push(bytes),
    read: async (offset: number, length: number) => new Uint8Array(length).fill(offset),
  };
  t.same(await agent.request(offer, parts), [3, 3, 3, 3]);
  t.same(events, [2]);
  const changed = { read: async () => undefined };
  t.match(await failure(agent.request(offer, changed)), { code: 'SEND_CHANGED' });
  const slice = { op: 'slice', pool: 'p', entry: 'e', offset: 0, length: 1 } as const;
  t.same(await agent.request(slice), content);
  t.match(await failure(agent.request({ op: 'say', pool: 'p', text: 'x' })), {
    code: 'POOL_UNKNOWN',
    message: 'You are in no pool of this name. "x".',
  });
  t.match(await failure(agent.request({ op: 'saved', pool: 'p', entry: 'e' })), {
    code: 'AGENT_FAILED',
    message: 'Something went wrong in the agent.',
  });
  agent.close();
});

t.test('what a dead agent left is replaced; without an agent the next step is told', async (t) => {
  const directory = shortDirectory(t);
  await t.rejects(AgentConnection.open(directory), {
    code: 'AGENT_NOT_RUNNING',
    message: /rockpool agent/,
  });
  writeFileSync(join(directory, 'agent.sock'), 'left over');
  const server = await startControlServer(directory, async () => ({ value: 1 }));
  const agent = await AgentConnection.open(directory);
  t.equal(await agent.request({ op: 'pools' }), 1);
  await server.close();
  await t.rejects(agent.request({ op: 'pools' }), { code: 'AGENT_STOPPED' });
  t.notOk(existsSync(join(directory, 'agent.sock')));
  const long = join(directory, 'x'.repeat(100));
  await t.rejects(
    startControlServer(long, async () => ({ value: 1 })),
    { code: 'AGENT_SOCKET' },
  );
});

t.test('whoever leaves is noticed; whoever speaks out of turn is refused', async (t) => {
  const directory = shortDirectory(t);
  const { promise: begun, resolve: begin } = Promise.withResolvers<Caller>();
  const server = await startControlServer(directory, async (_request, caller) => {
    begin(caller);
    await new Promise((_, reject) => caller.gone.addEventListener('abort', reject));
    return { value: null };
  });
  t.teardown(() => server.close());
  const agent = await AgentConnection.open(directory);
  const waiting = agent.request({ op: 'next', wait: true });
  const { gone } = await begun;
  const left = new Promise((resolve) => gone.addEventListener('abort', resolve));
  agent.close();
  await t.rejects(waiting, { code: 'AGENT_STOPPED' });
  await left;
  for (const bytes of [
    encodeMessage({ v: 9, op: 'pools' }),
    encodeSlice(new Uint8Array(1)),
    new Uint8Array([255, 255, 255, 255, 255]),
    Buffer.concat([
      encodeMessage(requestMessage({ op: 'pools' })),
      encodeMessage(requestMessage({ op: 'pools' })),
    ]),
  ]) {
    t.match(await answered(join(directory, 'agent.sock'), bytes), /AGENT_VERSION/);
  }
});

function answered(path: string, bytes: Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    const socket = createConnection(path, () => socket.write(bytes));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.on('close', () => resolve(text));
  });
}

/** The words with which a request fails. */
async function failure(request: Promise<unknown>): Promise<Failure | undefined> {
  return request.then(() => undefined, failureOf);
}
