// What the nodes count, read as an operator's scraper reads it: from each node's private listener, whose
// port the launcher wrote down.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const WEB_SOCKET_BYTES = /^rockpool_websocket_(?:received|sent)_bytes_total (\d+)$/gm;
const STUN_ANSWERS = /^rockpool_stun_datagrams\{outcome="success"\} (\d+)$/gm;
const TIMEOUT_MS = 10_000;

/** Payload bytes that went through the WebSockets of these nodes since each started, both ways. */
export async function webSocketBytes(
  dataDirectory: string,
  nodes: readonly number[],
): Promise<number> {
  return sumOf(WEB_SOCKET_BYTES, 2, dataDirectory, nodes);
}

/** Answers of these nodes' STUN since each started. */
export async function stunAnswers(
  dataDirectory: string,
  nodes: readonly number[],
): Promise<number> {
  return sumOf(STUN_ANSWERS, 1, dataDirectory, nodes);
}

async function sumOf(
  pattern: RegExp,
  perNode: number,
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
    const counted = [...page.matchAll(pattern)].map(([, count]) => Number(count));
    if (counted.length !== perNode) throw new Error(`node ${node} does not count it:\n${page}`);
    total += counted.reduce((sum, count) => sum + count, 0);
  }
  return total;
}

async function metricsPorts(dataDirectory: string): Promise<ReadonlyMap<string, number>> {
  const file: { nodes: readonly { name: string; metricsPort: number }[] } = JSON.parse(
    await readFile(join(dataDirectory, 'launcher.json'), 'utf8'),
  );
  return new Map(file.nodes.map(({ name, metricsPort }) => [name, metricsPort]));
}
