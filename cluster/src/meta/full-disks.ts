// Which nodes have said that their disk is nearly full, [STO-26]: key rest 0x10 and node id, payload u8 (1); no row where
// it is not. Command: kind u8 (0x10) | node id (16) | full u8 (0 or 1). While one of the nodes is among them the
// application's commands are refused, so that the space that is left serves elections and agreement.

import type { KeyValue, Operation } from '@rockpool/storage';
import { ByteReader, ByteWriter, fromHex, toHex } from '../format/bytes.ts';
import { CLUSTER_ROW, clusterRowKey } from './meta-records.ts';

const DISK_STATE = 0x10;

export class FullDisks {
  readonly #nodes = new Set<string>();

  /** From the cluster's own rows, keyed by what follows kind and group; others are passed over. */
  read(rows: readonly KeyValue[]): void {
    this.#nodes.clear();
    for (const [key] of rows) {
      if (key[0] === CLUSTER_ROW.fullDisk) this.#nodes.add(toHex(key.subarray(1)));
    }
  }

  get isEmpty(): boolean {
    return this.#nodes.size === 0;
  }

  has(nodeId: string): boolean {
    return this.#nodes.has(nodeId);
  }

  /** Undefined if the command is about something else. */
  apply(body: Uint8Array, isNode: (id: string) => boolean): readonly Operation[] | undefined {
    if (body[0] !== DISK_STATE) return undefined;
    const reader = new ByteReader(body.subarray(1));
    const [id, full] = [toHex(reader.bytes(16)), reader.u8()];
    if (!reader.complete || full > 1 || !isNode(id)) return [];
    if (full === 1) this.#nodes.add(id);
    else this.#nodes.delete(id);
    const payload = full === 1 ? Uint8Array.of(1) : null;
    return [{ key: clusterRowKey(CLUSTER_ROW.fullDisk, fromHex(id)), payload }];
  }
}

export function encodeDiskState(nodeId: string, isFull: boolean): Uint8Array {
  return new ByteWriter(18)
    .u8(DISK_STATE)
    .bytes(fromHex(nodeId))
    .u8(isFull ? 1 : 0)
    .finish();
}
