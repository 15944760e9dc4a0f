// Loaded into a Node server before its own code (`--expose-gc --import`): on SIGUSR2 it gives back all memory that
// is garbage, so that what is read afterwards is in use.
process.on('SIGUSR2', () => {
  globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
});
