// A small agent that does nothing but watch another one over a port.

import { workerData } from 'node:worker_threads';
import { attachPool } from '@zsmalloc/core';

const { module, name, descriptor, port, control } = workerData;
const { [name]: strategy } = await import(module);
const pool = attachPool(descriptor, { strategies: [strategy] });

function say(word) {
  Atomics.store(control, word, 1);
  Atomics.notify(control, word);
}

pool.watch(port, {
  onRecovered: ({ classes }) => {
    control[3] = classes.length;
    say(2);
  },
});
say(1);
