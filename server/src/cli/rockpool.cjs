#!/usr/bin/env node
// The `rockpool` command. Written for old Nodes: it only finds a Node 24 and starts main.ts with it.
const childProcess = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const NODE_MAJOR_MIN = 24;
const DIRECTORIES_UP_MAX = 8;

function findNode() {
  if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR_MIN) return process.execPath;
  let directory = __dirname;
  for (let i = 0; i < DIRECTORIES_UP_MAX; i++) {
    const candidate = path.join(directory, 'node_modules', '.bin', 'node');
    if (fs.existsSync(candidate)) return candidate;
    directory = path.dirname(directory);
  }
  return undefined;
}

const node = findNode();
if (node === undefined) {
  console.error(
    'Rockpool needs Node 24 or newer and found ' +
      process.version +
      '. On Linux x64/arm64 run "npm ci --include=optional"; elsewhere install Node 24 from https://nodejs.org.',
  );
  process.exit(1);
}

const child = childProcess.spawn(
  node,
  [path.join(__dirname, 'main.ts')].concat(process.argv.slice(2)),
  { stdio: 'inherit' },
);
// A terminal sends Ctrl-C to the child too; a supervisor's SIGTERM has to be passed on.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {
  child.kill('SIGTERM');
});
child.on('error', (error) => {
  console.error(`Rockpool could not be started: ${error.message}`);
  process.exit(1);
});
child.on('exit', (code, signal) => {
  process.exit(signal === null ? code : 1);
});
