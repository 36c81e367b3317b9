import type { Worker } from 'node:worker_threads';
import { HookbayError } from '../../domain/errors.ts';
import type { ReaderMessage, ReaderRequest, Reads } from './reader-protocol.ts';

interface Waiter {
  resolve(value: unknown): void;
  reject(error: HookbayError): void;
}

/** Asks the reader thread. */
export class ReaderClient {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiter>();
  #nextId = 1;

  constructor(worker: Worker) {
    this.#worker = worker;
  }

  /** @throws HookbayError with the code of what the read met, or `storage_closed` */
  ask<Name extends keyof Reads>(name: Name, ...args: Parameters<Reads[Name]>): Promise<ReturnType<Reads[Name]>> {
    return new Promise((resolve, reject) => {
      const id = this.#nextId;
      this.#nextId += 1;
      this.#waiting.set(id, { resolve: (value) => resolve(value as ReturnType<Reads[Name]>), reject });
      const request: ReaderRequest = { kind: 'read', id, name, args };
      this.#worker.postMessage(request);
    });
  }

  answered(message: ReaderMessage & { kind: 'answer' | 'failed' }): void {
    const waiter = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.kind === 'answer') {
      waiter?.resolve(message.value);
      return;
    }
    const { code, status, message: text, hint } = message;
    waiter?.reject(
      new HookbayError(hint === undefined ? { code, status, message: text } : { code, status, message: text, hint }),
    );
  }

  /** The thread is gone: nobody will be answered. */
  close(): void {
    const error = new HookbayError({ code: 'storage_closed', status: 503, message: 'The store is closed' });
    for (const waiter of this.#waiting.values()) waiter.reject(error);
    this.#waiting.clear();
  }
}
