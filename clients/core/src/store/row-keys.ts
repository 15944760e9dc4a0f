// Names of the rows that the engine keeps. Ids are lower-case hex and numbers have ten digits, so
// that rows of one log list in order.

import { type Bytes, toHex } from '@rockpool/protocol';

export type ChainName = 'user' | 'pool';

const digits = (n: number) => n.toString().padStart(10, '0');

export const rowKeys = {
  account: 'account',
  profile: 'profile',
  settings: 'settings',
  chains: (name: ChainName) => `chain/${name}/`,
  link: (name: ChainName, id: Bytes, seq: number) => `chain/${name}/${toHex(id)}/${digits(seq)}`,
  forks: 'fork/',
  fork: (name: ChainName, id: Bytes) => `fork/${name}/${toHex(id)}`,
  pool: (pool: Bytes) => `pool/${toHex(pool)}`,
  records: (pool: Bytes) => `record/${toHex(pool)}/`,
  record: (pool: Bytes, device: Bytes, incarnation: Bytes, seq: number) =>
    `record/${toHex(pool)}/${toHex(device)}/${toHex(incarnation)}/${digits(seq)}`,
  ownLog: (pool: Bytes) => `log/${toHex(pool)}`,
  vectors: (pool: Bytes) => `vector/${toHex(pool)}/`,
  vector: (pool: Bytes, device: Bytes) => `vector/${toHex(pool)}/${toHex(device)}`,
  file: (id: string) => `file/${id}`,
  leaves: (id: string) => `leaves/${id}`,
  treeParts: (id: string) => `tree/${id}/`,
  treePart: (id: string, part: number) => `tree/${id}/${digits(part)}`,
} as const;
