// The STUN addresses of a launcher's cluster, whose ports it wrote down.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export async function stunUrls(dataDirectory: string): Promise<string[]> {
  const file: { nodes: readonly { stunPort: number }[] } = JSON.parse(
    await readFile(join(dataDirectory, 'launcher.json'), 'utf8'),
  );
  const ports = new Set(file.nodes.map(({ stunPort }) => stunPort));
  return [...ports].map((port) => `stun:127.0.0.1:${port}`);
}
