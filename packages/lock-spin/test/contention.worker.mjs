// One agent of contention.ts, as a real worker: takes one lock again and again, and looks whether it was alone.

import { parentPort, workerData } from 'node:worker_threads';
import { createAgent } from '@zsmalloc/core/words';

const { moduleUrl, kindName, words, index, role, rounds, place, waitMs } = workerData;
const { [kindName]: kind } = await import(moduleUrl);
const lock = kind.bind(createAgent(words, index));
const nobody = new Int32Array(new SharedArrayBuffer(4));

/** Being descheduled inside the section is what makes a broken lock visible. */
function dawdle(round) {
  if (round % 128 === 0) Atomics.wait(nobody, 0, 0, 0.05);
}

/** Sleeps where a lock that lets two writers in loses an update, and where one that lets readers in shows half of it. */
function change(round) {
  const first = words[place.first];
  dawdle(round);
  words[place.first] = first + 1;
  dawdle(round);
  words[place.second] = first + 1;
}

/** Returns 1 when a writer was inside at the same time. */
function look(round) {
  const first = words[place.first];
  dawdle(round);
  return words[place.second] === first ? 0 : 1;
}

/** True when another reader is inside at the same time. */
function meet() {
  Atomics.add(words, place.meeting, 1);
  Atomics.notify(words, place.meeting);
  const started = performance.now();
  while (Atomics.load(words, place.meeting) < 2) {
    if (performance.now() - started > waitMs) return false;
    Atomics.wait(words, place.meeting, 1, waitMs);
  }
  return true;
}

const roles = {
  mutex(round) {
    lock.lock(place.lock);
    change(round);
    lock.unlock(place.lock);
  },
  writer(round) {
    lock.writeLock(place.lock);
    change(round);
    lock.writeUnlock(place.lock);
  },
  tryWriter(round) {
    while (!lock.tryWriteLock(place.lock)) dawdle(0);
    change(round);
    lock.writeUnlock(place.lock);
  },
  reader(round) {
    lock.readLock(place.lock);
    const torn = look(round);
    lock.readUnlock(place.lock);
    return torn;
  },
  meetingReader() {
    lock.readLock(place.lock);
    const met = meet();
    lock.readUnlock(place.lock);
    return met ? 0 : 1;
  },
};

// All start together: the last to arrive wakes the others.
if (Atomics.add(words, place.start, -1) === 1) Atomics.notify(words, place.start);
for (let left = Atomics.load(words, place.start); left > 0; left = Atomics.load(words, place.start)) {
  Atomics.wait(words, place.start, left);
}
let faults = 0;
for (let round = 0; round < rounds; round++) faults += roles[role](round) ?? 0;
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker's port has no origin.
parentPort.postMessage(faults);
