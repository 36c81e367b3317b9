import { plainTarget } from '../config/resolve-target.ts';
import type { AttemptResult } from '../deliver/classify.ts';
import { createHttpTarget } from '../deliver/targets/http.ts';
import { systemClock } from '../domain/clock.ts';
import type { LeasedDelivery } from '../domain/leased-delivery.ts';
import type { Logger } from '../domain/logger.ts';
import type { StreamedEvent } from './admin-types.ts';

/** An app on this machine. */
export interface LocalTarget {
  /** One attempt; `interrupted` when the signal ends it. */
  send(event: Omit<StreamedEvent, 'deliveries'>): Promise<AttemptResult>;
  close(): Promise<void>;
}

/** A target without certificate files has nothing to log; what became of an attempt is in its result. */
const SILENT: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** The way in which the relay itself delivers, so that the app cannot tell the difference. */
export function createLocalTarget(url: string, signal: AbortSignal): LocalTarget {
  const config = plainTarget('forward', url);
  const http = createHttpTarget(config, { publicUrl: null, instance: 'hookbay-forward' }, { clock: systemClock, logger: SILENT });
  return {
    send: (event) =>
      new Promise((resolve) => {
        const abort = (): void => attempt.abort('interrupted');
        const attempt = http.send(deliveryOf(event), null, (result) => {
          signal.removeEventListener('abort', abort);
          resolve(result);
        });
        signal.addEventListener('abort', abort, { once: true });
      }),
    close: () => http.destroy(),
  };
}

function deliveryOf(event: Omit<StreamedEvent, 'deliveries'>): LeasedDelivery {
  const { id, route, type, method, path, query, peer, headers = [], bodyBase64 = '' } = event;
  const body = Buffer.from(bodyBase64, 'base64');
  return {
    // Made up from the event: the relay has no delivery of this.
    id: id.replace('evt_', 'dlv_'),
    lease: 0,
    target: 'forward',
    attempts: 0,
    budgetStart: 0,
    budgetSpentMs: 0,
    trigger: 'initial',
    event: { id, route, type, receivedAt: Date.parse(event.receivedAt), method, path, query, peer, headers, body },
  };
}
