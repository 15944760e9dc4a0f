// etcd's own protocol: the methods and fields of its rpc.proto and kv.proto that a bench needs.

import { type KeyValue, type KeyValueClient, PAGE_ROWS_MAX } from '@rockpool/cluster/testing';
import { GrpcConnection } from './grpc-connection.ts';
import { decodeProtobuf, encodeProtobuf, type ProtobufField } from './protobuf.ts';

const PUT = '/etcdserverpb.KV/Put';
const RANGE = '/etcdserverpb.KV/Range';
const STATUS = '/etcdserverpb.Maintenance/Status';
const REQUEST = { key: 1, value: 2, rangeEnd: 2, limit: 3, serializable: 7 };
const RANGE_RESPONSE = { kvs: 2 };
const KEY_VALUE = { key: 1, value: 5 };
const STATUS_RESPONSE = { header: 1, leader: 4 };
const HEADER = { memberId: 2 };
/** As a key and as the end of a range: the first of all keys, and after the last one. */
const ZERO = Buffer.alloc(1);

export class EtcdClient implements KeyValueClient {
  readonly #connection: GrpcConnection;

  private constructor(connection: GrpcConnection) {
    this.#connection = connection;
  }

  static async open(port: number): Promise<EtcdClient> {
    return new EtcdClient(await GrpcConnection.open(port));
  }

  async put(key: Buffer, value: Buffer): Promise<void> {
    const request = encodeProtobuf([
      [REQUEST.key, key],
      [REQUEST.value, value],
    ]);
    await this.#connection.call(PUT, request);
  }

  /** A serializable read: the member answers from its own store alone. */
  async page(after: Buffer | undefined): Promise<readonly KeyValue[]> {
    const request = encodeProtobuf([
      [REQUEST.key, after === undefined ? ZERO : Buffer.concat([after, ZERO])],
      [REQUEST.rangeEnd, ZERO],
      [REQUEST.limit, PAGE_ROWS_MAX],
      [REQUEST.serializable, true],
    ]);
    return decodeRange(await this.#connection.call(RANGE, request));
  }

  /** Whether this member is the leader; undefined while it knows none. */
  async leads(): Promise<boolean | undefined> {
    const status = decodeProtobuf(await this.#connection.call(STATUS, Buffer.alloc(0)));
    const leader = firstOf(status, STATUS_RESPONSE.leader);
    const header = firstOf(status, STATUS_RESPONSE.header);
    if (leader === undefined || !(header instanceof Buffer)) return undefined;
    return leader === firstOf(decodeProtobuf(header), HEADER.memberId);
  }

  close(): void {
    this.#connection.close();
  }
}

/** The rows of a RangeResponse. */
export function decodeRange(response: Buffer): readonly KeyValue[] {
  const kvs = decodeProtobuf(response).filter(({ field }) => field === RANGE_RESPONSE.kvs);
  return kvs.map(({ value: kv }) => {
    if (!(kv instanceof Buffer)) throw new Error('etcd: a row is no message');
    const fields = decodeProtobuf(kv);
    const key = firstOf(fields, KEY_VALUE.key);
    // proto3 leaves out what is empty.
    const value = firstOf(fields, KEY_VALUE.value) ?? Buffer.alloc(0);
    if (!(key instanceof Buffer && value instanceof Buffer)) throw new Error('etcd: no such row');
    return { key, value };
  });
}

function firstOf(fields: readonly ProtobufField[], wanted: number): bigint | Buffer | undefined {
  return fields.find(({ field }) => field === wanted)?.value;
}
