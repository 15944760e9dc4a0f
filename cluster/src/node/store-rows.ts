// What every new store holds: the nodes, the slot table, and where each group starts.

import type { Operation } from '@rockpool/storage';
import type { Configuration } from '../core/entry.ts';
import { ByteWriter } from '../format/bytes.ts';
import { encodeGroupSlots, encodeLogBase } from '../format/group-records.ts';
import { KEY_KIND, storeKey } from '../format/store-key.ts';
import {
  CLUSTER_ROW,
  clusterRowKey,
  encodeNode,
  encodeSlotTable,
  FEATURE_LEVEL,
  nodeRowKey,
} from '../meta/meta-records.ts';
import type { NewNode, SlotTable } from '../ports.ts';

/** The configuration is that of every group, at index 0. */
export function storeRows(
  nodes: readonly NewNode[],
  table: SlotTable,
  configuration: Configuration,
): Operation[] {
  const rows: Operation[] = nodes.map((node) => {
    return { key: nodeRowKey(node.id), payload: encodeNode(node) };
  });
  rows.push({ key: clusterRowKey(CLUSTER_ROW.slotTable), payload: encodeSlotTable(table) });
  rows.push({
    key: clusterRowKey(CLUSTER_ROW.featureLevel),
    payload: new ByteWriter(2).u16(FEATURE_LEVEL).finish(),
  });
  for (let group = 0; group <= table.shardGroups; group += 1) {
    const ranges = table.assignments.filter((assignment) => assignment.group === group);
    const slots = encodeGroupSlots({ epoch: table.epoch, ranges });
    const start = encodeLogBase({ index: 0, term: 0, checksum: 0, entryTimeMs: 0, configuration });
    rows.push({ key: storeKey(KEY_KIND.slots, group), payload: slots });
    rows.push({ key: storeKey(KEY_KIND.logBase, group), payload: start });
    rows.push({ key: storeKey(KEY_KIND.applied, group), payload: start });
  }
  return rows;
}
