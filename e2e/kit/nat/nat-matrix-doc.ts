// docs/nat-matrix.md: what the journey saw, written by it.
import { writeFile } from 'node:fs/promises';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { type Row, rowInWords } from './matrix.ts';

const PATH = join(import.meta.dirname, '..', '..', '..', 'docs', 'nat-matrix.md');

const head = () => `# Which networks connect

Written by \`npm run e2e -- nat --write\`, which builds two homes with a router each out of network namespaces, lets three nodes run
in the world between them, and opens real clients in both: Chromium here, Chromium and the agent there. A row is one pair
of routers. The time is from opening the page to a connection, or to the reason why there is none.
${conditions()}

A pair that cannot connect is told so on both sides, in plain words with what would help; a relay by a third member
does not exist yet.

Words for routers, after RFC 4787: a *full cone* lets everybody answer to a port once the client has sent from it; an
*address-restricted* one only those addresses that the client has sent to, a *port-restricted* one only those ports; a *symmetric*
one uses a new port for each destination.

| here | there | Chromium to Chromium | Chromium to agent |
| --- | --- | --- | --- |
`;

export async function writeNatMatrix(
  rows: readonly Row[],
  more: readonly string[],
): Promise<string> {
  const table = rows.map((row) => `| ${rowInWords(row).join(' | ')} |\n`).join('');
  const also = more.map((line) => `- ${line}\n`).join('');
  await writeFile(PATH, `${head()}${table}\n## Beside the pairs\n\n${also}`);
  return PATH;
}

/** Times mean nothing without them. */
function conditions(): string {
  const cores = availableParallelism();
  const [, , load = 0] = loadavg();
  return (
    `Everything ran on one machine with ${cores} cores, where ${load.toFixed(1)} programs at a time wanted one (the load average of ` +
    '15 minutes,\nthe lab included): read the times as an order of magnitude.'
  );
}
