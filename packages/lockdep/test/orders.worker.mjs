// An agent that takes two class locks in the order that it is told, and reports what lockdep says of that.

import { parentPort, workerData } from 'node:worker_threads';
import { attachPool } from '@zsmalloc/core';
import { rwsem } from '@zsmalloc/lock-rwsem';
import { withLockdep } from '../dist/index.js';

const { descriptor, first, second, name } = workerData;
const pool = attachPool(descriptor, { strategies: [withLockdep(rwsem)] });
// A name that the report of another agent is to show.
const call = {
  [name]: () => {
    pool.bound.lock(first);
    try {
      pool.bound.lock(second);
      pool.bound.unlock(second);
      return { code: 'none', message: '' };
    } catch (error) {
      return { code: error.code, message: error.message };
    } finally {
      pool.bound.unlock(first);
    }
  },
};
const result = call[name]();
pool.detach();
parentPort.postMessage(result);
