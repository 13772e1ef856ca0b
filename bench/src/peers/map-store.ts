// A Map of Uint8Array in a worker of its own, behind postMessage.

import { MessageChannel, Worker } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import type { MapReply, MapRequest } from './map-server.ts';
import type { AsyncStore } from './store.ts';

/** One agent's side: one request at a time, as a caller that needs the value. */
export class MapStore implements AsyncStore {
  readonly #port: MessagePort;
  #resolve: ((reply: MapReply) => void) | undefined;

  constructor(port: MessagePort) {
    this.#port = port;
    port.on('message', (reply: MapReply) => this.#resolve!(reply));
  }

  async put(key: number, value: Uint8Array): Promise<void> {
    await this.#ask({ op: 'put', key, value });
  }

  async get(key: number, target: Uint8Array): Promise<number> {
    const value = (await this.#ask({ op: 'get', key })) as Uint8Array | null;
    if (value === null) return -1;
    target.set(value);
    return value.length;
  }

  async remove(key: number): Promise<boolean> {
    return (await this.#ask({ op: 'remove', key })) as boolean;
  }

  usedBytes(): null {
    return null;
  }

  close(): void {
    this.#port.close();
  }

  #ask(request: MapRequest): Promise<MapReply> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#port.postMessage(request);
    });
  }
}

/** The worker that owns the Map, from the main agent's side. */
export class MapServer {
  readonly #worker: Worker = new Worker(new URL('./map-server.js', import.meta.url));

  /** A port for one more client; it can be sent to a worker. */
  connect(): MessagePort {
    const { port1, port2 } = new MessageChannel();
    this.#worker.postMessage(port1, [port1]);
    return port2;
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
