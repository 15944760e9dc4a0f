// The directory as the thread of a node loads it (docs/adr/0024): whoever wants another state machine names another module.

import { createSignatureVerifier } from '@rockpool/auth';
import type { MachineModule, StateMachine } from '@rockpool/cluster';
import { createDirectory } from './directory/create-directory.ts';

export const directory: StateMachine = createDirectory({ verify: createSignatureVerifier() });

export const directoryModule: MachineModule = { url: import.meta.url, name: 'directory' };
