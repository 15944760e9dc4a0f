// A state machine with faults put in on purpose: a command says which.

import type { StateMachine } from '../src/ports.ts';
import { counterMachine } from './counter-machine.ts';

export const faultyMachine: StateMachine = {
  readSet: counterMachine.readSet,
  apply: (rows, command, context) => {
    const words = Buffer.from(command).toString();
    if (words === 'throw') throw new Error('an invariant is broken');
    if (words === 'exit') process.exit(7);
    return counterMachine.apply(rows, command, context);
  },
};
