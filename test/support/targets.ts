import { type OutgoingConfig, PLAIN_OUTGOING } from '../../src/config/outgoing.ts';
import type { TargetConfig } from '../../src/config/types.ts';
import type { Attempt } from '../../src/domain/attempt.ts';
import { type Clock, systemClock } from '../../src/domain/clock.ts';
import { type DispatchBench, openDispatch, targetOf } from './dispatch.ts';
import type { KeyPair } from './secure-receiver.ts';
import { selfSigned } from './self-signed.ts';
import { waitFor } from './wait.ts';

/** A dispatcher with one target, whose attempts are looked at one by one. */
export interface TargetBench extends DispatchBench {
  /** Delivers one event and waits for the record of its first attempt. */
  attempt(event?: Parameters<DispatchBench['add']>[1]): Promise<Attempt>;
}

type Changes = Partial<Omit<TargetConfig, 'outgoing'>> & { outgoing?: Partial<OutgoingConfig> };

export function openTarget(url: string, { outgoing, ...changes }: Changes = {}, clock: Clock = systemClock): TargetBench {
  const bench = openDispatch([targetOf('app', url, { ...changes, outgoing: { ...PLAIN_OUTGOING, ...outgoing } })], clock);
  bench.dispatcher.start();
  return {
    ...bench,
    async attempt(event) {
      const id = bench.add('app', event);
      bench.dispatcher.wake('app');
      return waitFor('attempt', () => bench.queue.row(id).history[0]);
    },
  };
}

/** A certificate of its own authority with its key, made anew. */
export function keyPair(host: string, valid?: { from: number; to: number }): KeyPair {
  const { certificate, privateKey } = selfSigned(host, valid);
  return { cert: certificate, key: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString() };
}
