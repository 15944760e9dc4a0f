// front-door-main.ts PORT NODE_PORT…: the launcher's front door for nodes named 1, 2, …; says `ready` once all of them are.
import { openFrontDoor } from '@rockpool/server';

const [port = 0, ...nodePorts] = process.argv.slice(2).map(Number);
const upstreams = nodePorts.map((nodePort, at) => ({ name: `${at + 1}`, port: nodePort }));
let announced = false;
const door = await openFrontDoor({ port, upstreams, changed: () => setImmediate(look) });
process.stdin.on('end', () => process.exit()).resume();

function look(): void {
  if (announced || !upstreams.every(({ name }) => door.ready(name))) return;
  announced = true;
  process.stdout.write('ready\n');
}
