import t from 'tap';
import { MetaState } from '../src/meta/meta-state.ts';
import { encodeNodeCommand } from '../src/meta/node-commands.ts';
import { firstRows } from '../src/node/init-cluster.ts';

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

t.test('[STO-13] a node that moved is known by its new address, others are untouched', (t) => {
  const ids = ['0a'.repeat(16), '0b'.repeat(16), '0f'.repeat(16)];
  const rows = firstRows(
    ids.map((id, at) => ({
      id,
      name: String(at),
      peerAddress: 'host:1',
      fingerprint: '0c'.repeat(32),
      incarnation: '0d'.repeat(16),
    })),
    2,
  );
  const clusterRows = rows.filter(({ key }) => key[0] === 0x22);
  const meta = new MetaState(clusterRows.map(({ key, payload }) => [key.subarray(5), payload!]));
  const moved = (id: string, peerAddress: string) =>
    encodeNodeCommand({ kind: 'moved', id, peerAddress });
  t.equal(meta.apply(moved(ids[0]!, 'host:2')).operations.length, 1);
  t.same(
    meta.nodes.map((node) => node.peerAddress),
    ['host:2', 'host:1', 'host:1'],
  );
  const spoilt = moved(ids[0]!, 'host:3');
  spoilt[spoilt.length - 1] = 0xff;
  t.equal(meta.apply(spoilt).outcome, 'unreadable', 'an address that is no text');
  t.equal(meta.apply(bytes('?')).outcome, 'unreadable');
  t.equal(meta.apply(moved('0e'.repeat(16), 'host:2')).outcome, 'unknown');
  t.equal(meta.groupOf(0x7fff), 1);
  t.equal(meta.groupOf(0x8000), 2);
  t.equal(meta.groupOf(-1), 0);
  const nodeRow = clusterRows.findIndex(({ key }) => key[5] === 1);
  const without = clusterRows.filter(({ key }) => key[5] !== 1);
  const restored = (stored: typeof clusterRows) =>
    new MetaState(stored.map(({ key, payload }) => [key.subarray(5), payload!]));
  t.throws(() => restored(without), { code: 'STORE_HOLE' }, 'nobody is no membership');
  const unreadable = clusterRows.map((row, at) =>
    at === nodeRow ? { ...row, payload: bytes('?') } : row,
  );
  t.throws(() => restored(unreadable), { code: 'STORE_HOLE' });
  t.end();
});
