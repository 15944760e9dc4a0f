// namespace-keeper-main.ts PREFIX: removes the network namespaces with this prefix once its standard input ends, which is
// when the process that made them says so, or has ended. What would end it is left to that.
import { removeAll } from './network-namespaces.ts';

const [, , prefix = ''] = process.argv;
if (prefix === '') throw new Error('whose namespaces?');
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
for await (const _ of process.stdin);
await removeAll(prefix);
