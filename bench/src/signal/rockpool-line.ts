// A client of a node: a member's device shows itself, watches its pool, and sends sealed bodies to other devices of
// the pool. The node answers each signal; an answer that is not `ok` is trouble.
import { equalBytes, toHex } from '@rockpool/protocol';
import type { OpenLine } from './line.ts';
import { sourceAddress } from './loopback.ts';
import { type Member, readMembers } from './members.ts';
import { RockpoolSocket } from './rockpool-socket.ts';

export function rockpoolLines(port: number, membersPath: string): OpenLine {
  const { origin, members } = readMembers(membersPath);
  const byId = new Map(members.map((member) => [toHex(member.device.id), member]));
  const memberOf = (id: string): Member => {
    const member = byId.get(id);
    if (member === undefined) throw new Error('no such member');
    return member;
  };
  return async (index, listener) => {
    const member = members[index];
    if (member === undefined) throw new Error(`${members.length} members were prepared`);
    const { pool, user, device } = member;
    const socket = await RockpoolSocket.open({ port, origin }, sourceAddress(index));
    socket.onTrouble = listener.trouble;
    await socket.showDevice(user, device);
    await socket.request({ type: 'watch', pools: [pool] });
    const line = {
      id: toHex(device.id),
      send: ({ id }: { readonly id: string }, body: string) => {
        const to = memberOf(id).device.id;
        socket.post({
          type: 'signal',
          pool,
          to,
          body: new Uint8Array(Buffer.from(body, 'latin1')),
        });
      },
    };
    socket.onSignal = (frame) => {
      const from = toHex(frame.from);
      const sender = memberOf(from);
      const right = equalBytes(frame.pool[1], pool[1]) && equalBytes(frame.user[1], sender.user[1]);
      if (!right) listener.trouble('a signal names another pool or another user');
      else listener.heard(line, from, Buffer.from(frame.body).toString('latin1'));
    };
    return line;
  };
}
