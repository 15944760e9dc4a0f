// deploy/README.md, "A volume is damaged or lost", done to a copy of the two files that an operator edits.
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const COMPOSE = 'docker-compose.yml';
const FRONT_DOOR = 'Caddyfile';

export async function copyDeployment(from: string, to: string): Promise<void> {
  for (const file of [COMPOSE, FRONT_DOOR]) await copyFile(join(from, file), join(to, file));
}

/** Step 1: a service beside that of the old node, on a volume of its own; what made the cluster is taken out. */
export function addNode(directory: string, like: number, added: number): Promise<void> {
  return edit(join(directory, COMPOSE), (text) => {
    const service = serviceIn(text, `node-${like}`);
    const volume = volumeIn(text, like);
    const renamed = (part: string) => part.replaceAll(`node-${like}`, `node-${added}`);
    return text
      .replace(service, service + renamed(service))
      .replace(volume, volume + renamed(volume))
      .replace(serviceIn(text, 'init'), '')
      .replace(/^ {2}depends_on:\n(?: {4}.*\n)+/m, '');
  });
}

/** Step 5: the new node stands where the old one stood. */
export async function takeOut(directory: string, old: number, added: number): Promise<void> {
  await edit(join(directory, COMPOSE), (text) =>
    text.replace(serviceIn(text, `node-${old}`), '').replace(volumeIn(text, old), ''),
  );
  await edit(join(directory, FRONT_DOOR), (text) =>
    text.replaceAll(`node-${old}:`, `node-${added}:`).replaceAll(`/n/${old}/`, `/n/${added}/`),
  );
}

/** With its comment, if it has one, and the empty line behind it. */
function serviceIn(text: string, name: string): string {
  return found(text, new RegExp(`^(?: {2}#.*\\n)* {2}${name}:\\n(?: {4}.*\\n)+\\n`, 'm'));
}

function volumeIn(text: string, node: number): string {
  return found(text, new RegExp(`^ {2}node-${node}: \\{ name: .* \\}\\n`, 'm'));
}

function found(text: string, pattern: RegExp): string {
  const [part] = pattern.exec(text) ?? [];
  if (part === undefined) throw new Error(`${COMPOSE} has nothing like ${pattern}`);
  return part;
}

async function edit(path: string, change: (text: string) => string): Promise<void> {
  const before = await readFile(path, 'utf8');
  const after = change(before);
  if (after === before) throw new Error(`nothing to change in ${path}`);
  await writeFile(path, after);
}
