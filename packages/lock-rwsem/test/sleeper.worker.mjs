// Parks behind a lock, and says so before and after.
// oxlint-disable unicorn/require-post-message-target-origin -- a MessagePort has no origin
import { parentPort, workerData } from 'node:worker_threads';
import { RwLock } from '../dist/index.js';

const rwLock = RwLock.attach(workerData.lock);
parentPort.postMessage('parking');
const guard = workerData.reads ? rwLock.read() : rwLock.write();
parentPort.postMessage('inside');
guard.release();
rwLock.detach();
