import { workerData } from 'node:worker_threads';
import { Mutex } from '@zsmalloc/lock-rwsem';

const mutex = Mutex.attach(workerData.mutex);
for (let i = 0; i < workerData.rounds; i++) {
  const guard = mutex.lock();
  workerData.counter[0] += 1;
  guard.release();
}
mutex.detach();
