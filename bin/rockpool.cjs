#!/usr/bin/env node
// The `rockpool` command. It runs main.ts right here when this Node is new enough, else with the
// Node 24 that lies beside the packages. Written for old Nodes.
const childProcess = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const url = require('node:url');

const NODE_MAJOR_MIN = 24;
const DIRECTORIES_UP_MAX = 8;
const MAIN = path.join(__dirname, 'main.ts');

if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR_MIN) {
  void import(url.pathToFileURL(MAIN).href);
} else {
  const node = findNode();
  if (node === undefined) {
    console.error(
      'Rockpool needs Node 24 or newer and found ' +
        process.version +
        '. On Linux x64/arm64 run "npm ci --include=optional"; elsewhere install Node 24 from https://nodejs.org.',
    );
    process.exit(1);
  }
  runWith(node);
}

function findNode() {
  let directory = __dirname;
  for (let i = 0; i < DIRECTORIES_UP_MAX; i++) {
    const candidate = path.join(directory, 'node_modules', '.bin', 'node');
    if (fs.existsSync(candidate)) return candidate;
    directory = path.dirname(directory);
  }
  return undefined;
}

function runWith(node) {
  const child = childProcess.spawn(node, [MAIN].concat(process.argv.slice(2)), {
    stdio: 'inherit',
  });
  ['SIGINT', 'SIGTERM'].forEach((signal) => {
    process.on(signal, () => child.kill(signal));
  });
  child.on('error', (error) => {
    console.error(`Rockpool could not be started: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(signal === null ? code : 1));
}
