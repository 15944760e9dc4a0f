// What the nodes count, read as an operator's scraper reads it: from each node's private listener, whose
// port the launcher wrote down.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const WEB_SOCKET_BYTES = /^rockpool_websocket_(?:received|sent)_bytes_total (\d+)$/gm;
const TIMEOUT_MS = 10_000;

/** Payload bytes that went through the WebSockets of these nodes since each started, both ways. */
export async function webSocketBytes(
  dataDirectory: string,
  nodes: readonly number[],
): Promise<number> {
  const ports = await metricsPorts(dataDirectory);
  let total = 0;
  for (const node of nodes) {
    const port = ports.get(String(node));
    if (port === undefined) throw new Error(`launcher.json names no metrics port of node ${node}`);
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const page = await (await fetch(`http://127.0.0.1:${port}/metrics`, { signal })).text();
    const counted = [...page.matchAll(WEB_SOCKET_BYTES)].map(([, bytes]) => Number(bytes));
    if (counted.length !== 2) throw new Error(`node ${node} counts no WebSocket bytes:\n${page}`);
    total += counted.reduce((sum, bytes) => sum + bytes, 0);
  }
  return total;
}

async function metricsPorts(dataDirectory: string): Promise<ReadonlyMap<string, number>> {
  const file: { nodes: readonly { name: string; metricsPort: number }[] } = JSON.parse(
    await readFile(join(dataDirectory, 'launcher.json'), 'utf8'),
  );
  return new Map(file.nodes.map(({ name, metricsPort }) => [name, metricsPort]));
}
