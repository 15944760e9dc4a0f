// A thread of the simulation: takes tasks, gives results. Each run has this thread for itself.

import { parentPort } from 'node:worker_threads';
import { runTask, type Task } from './run-task.ts';

const port = parentPort;
if (port === null) throw new Error('this file is run by worker-pool.ts');
port.on('message', (task: Task) => {
  runTask(task).then(
    (result) => port.postMessage(result),
    (error: unknown) => {
      throw error;
    },
  );
});
