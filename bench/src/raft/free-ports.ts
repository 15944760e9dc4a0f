// TCP ports on loopback that nobody holds. All are taken before any is given back, so that none comes twice.
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

export async function freeTcpPorts(count: number): Promise<readonly number[]> {
  const holders = Array.from({ length: count }, () => createServer());
  for (const holder of holders) {
    holder.listen(0, '127.0.0.1');
    await once(holder, 'listening');
  }
  const ports = holders.map((holder) => (holder.address() as AddressInfo).port);
  for (const holder of holders) {
    holder.close();
    await once(holder, 'close');
  }
  return ports;
}
