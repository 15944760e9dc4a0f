// Every npm script passes through here first, so that a machine without Node 24 gets one clear line
// instead of a syntax error from type stripping. Written for old Nodes: no modern syntax.
var major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  console.error(
    'Rockpool needs Node 24 or newer and found ' +
      process.version +
      '. On Linux x64/arm64 run "npm ci --include=optional"; elsewhere install Node 24 from https://nodejs.org.',
  );
  process.exit(1);
}
