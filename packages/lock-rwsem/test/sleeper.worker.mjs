// Parks behind a lock, and says so before and after.
import { parentPort, workerData } from 'node:worker_threads';
import { RwLock } from '../dist/index.js';

const rwLock = RwLock.attach(workerData.lock);
parentPort.postMessage('parking');
const guard = workerData.reads ? rwLock.read() : rwLock.write();
parentPort.postMessage('inside');
guard.release();
rwLock.detach();
