// The worker that owns the Map: the hand-written store that people use today. It needs no mutex: its event loop takes one
// message at a time. Each client has a port of its own.

import { parentPort } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';

/** What a client asks; a value is copied by the message. */
export type MapRequest =
  | { readonly op: 'put'; readonly key: number; readonly value: Uint8Array }
  | { readonly op: 'get' | 'remove'; readonly key: number };

/** The value, null where there is none; or whether there was one. */
export type MapReply = Uint8Array | null | boolean;

const values = new Map<number, Uint8Array>();

function answer(request: MapRequest): MapReply {
  if (request.op === 'put') {
    values.set(request.key, request.value);
    return true;
  }
  return request.op === 'get' ? (values.get(request.key) ?? null) : values.delete(request.key);
}

parentPort!.on('message', (port: MessagePort) => {
  port.on('message', (request: MapRequest) => port.postMessage(answer(request)));
});
