// Changes of who the nodes are, as commands of the meta group, [STO-13]: kind u8 | node id (16) | rest. Kind 1,
// a node moved: address length u8 | address. 2, a node joins: its record [STO-11]. 3, a node is to leave, and 4, it
// has left: nothing. 5, a node takes the place of another: the other's id (16) | its own record. Text is UTF-8.

import { ByteReader, ByteWriter, fromHex, toHex } from '../format/bytes.ts';
import { NodeError } from '../node-error.ts';
import { decodeNode, encodeNode, type MemberNode } from './meta-records.ts';

const KIND = { moved: 1, joins: 2, leaves: 3, left: 4, replaces: 5 } as const;
const ADDRESS_BYTES_MAX = 255;

export type NodeCommand =
  | { readonly kind: 'moved'; readonly id: string; readonly peerAddress: string }
  | { readonly kind: 'joins'; readonly node: MemberNode }
  | { readonly kind: 'leaves' | 'left'; readonly id: string }
  | { readonly kind: 'replaces'; readonly node: MemberNode; readonly former: string };

export function encodeNodeCommand(command: NodeCommand): Uint8Array {
  const id = 'node' in command ? command.node.id : command.id;
  const rest = restOf(command);
  return new ByteWriter(17 + rest.length)
    .u8(KIND[command.kind])
    .bytes(fromHex(id))
    .bytes(rest)
    .finish();
}

export function decodeNodeCommand(bytes: Uint8Array): NodeCommand | undefined {
  const reader = new ByteReader(bytes);
  const kind = reader.u8();
  const id = toHex(reader.bytes(16));
  switch (kind) {
    case KIND.moved: {
      const peerAddress = textOf(reader.bytes(reader.u8()));
      return reader.complete && peerAddress !== undefined
        ? { kind: 'moved', id, peerAddress }
        : undefined;
    }
    case KIND.joins: {
      const node = nodeOf(id, reader.rest());
      return reader.complete && node !== undefined ? { kind: 'joins', node } : undefined;
    }
    case KIND.leaves:
      return reader.complete ? { kind: 'leaves', id } : undefined;
    case KIND.left:
      return reader.complete ? { kind: 'left', id } : undefined;
    case KIND.replaces: {
      const former = toHex(reader.bytes(16));
      const node = nodeOf(id, reader.rest());
      return reader.complete && node !== undefined ? { kind: 'replaces', node, former } : undefined;
    }
    default:
      return undefined;
  }
}

function restOf(command: NodeCommand): Uint8Array {
  switch (command.kind) {
    case 'moved': {
      const address = Buffer.from(command.peerAddress);
      if (address.length > ADDRESS_BYTES_MAX) {
        throw new NodeError('NODE_OPTIONS_INVALID', 'The peer address is too long.');
      }
      return new ByteWriter(1 + address.length).u8(address.length).bytes(address).finish();
    }
    case 'joins':
      return encodeNode(command.node);
    case 'leaves':
    case 'left':
      return new Uint8Array(0);
    case 'replaces': {
      const node = encodeNode(command.node);
      return new ByteWriter(16 + node.length).bytes(fromHex(command.former)).bytes(node).finish();
    }
  }
}

function nodeOf(id: string, record: Uint8Array): MemberNode | undefined {
  const node = decodeNode(id, record);
  // What is no text would come back longer than it went in.
  const isText = node !== undefined && Buffer.from(encodeNode(node)).equals(record);
  return isText ? node : undefined;
}

function textOf(bytes: Uint8Array): string | undefined {
  const text = Buffer.from(bytes).toString();
  return Buffer.from(text).equals(bytes) ? text : undefined;
}
