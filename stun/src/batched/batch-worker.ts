// The thread that answers in batches.
import { parentPort, workerData } from 'node:worker_threads';
import { BatchServer } from './batch-server.ts';
import { loadLibc } from './libc.ts';
import type { WorkerData, WorkerMessage } from './worker-data.ts';

const tell = (message: WorkerMessage) => parentPort?.postMessage(message);
const server = new BatchServer(loadLibc(), workerData as WorkerData, {
  warn: (fields, message) => tell({ kind: 'warning', fields, message }),
});
tell({ kind: 'ready' });
server.run();
