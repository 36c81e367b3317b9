import type { AdminClient } from '../test/support/admin-client.ts';
import type { RelaySetup } from '../test/support/relay-process.ts';
import { waitFor } from '../test/support/wait.ts';
import type { Backlog } from './backlog-store.ts';
import type { LoadPlan, Proof } from './load-plan.ts';
import type { Measure } from './measure.ts';
import type { Receiver } from './processes.ts';

export interface Scenario {
  /** As it is asked for on the command line. */
  name: string;
  title: string;
  /** Its figures, once; ours and the yardstick's one after the other, so that their ratio holds on any machine. */
  run(bench: Bench): Promise<Measure[]>;
}

/** What the scenarios of one run share. */
export interface Bench {
  /** Small loads, to see that everything works; its figures mean nothing. */
  short: boolean;
  /** How the relay is started, beside its target. */
  relay: Pick<RelaySetup, 'entry' | 'nodeFlags'>;
  receiver: Receiver;
  backlog: Backlog;
}

/** How fast a server was, and what each request cost it in all its threads. */
export interface Throughput {
  perSecond: number;
  cpuMicroseconds: number;
}

export const BODY_SIZE = 1024;
export const CONNECTIONS = 256;
/** Attempts that may run at once, for the relay and for the forwarder's pool. */
export const TARGET_CONNECTIONS = 64;
const WARM_UP_REQUESTS = 5_000;

let loads = 0;

function keyPrefix(): string {
  loads += 1;
  return `bench-${Date.now()}-${loads}-`;
}

export function closedLoad(
  url: string,
  amount: { requests: number } | { seconds: number },
  { proof = 'token', connections = CONNECTIONS, markers = 0 }: { proof?: Proof; connections?: number; markers?: number } = {},
): LoadPlan {
  const { requests, seconds } = { requests: null, seconds: null, ...amount };
  return {
    kind: 'closed',
    urls: [url],
    keyPrefix: keyPrefix(),
    bodySize: BODY_SIZE,
    proof,
    connections,
    markers,
    requests,
    seconds,
  };
}

/** So that no side is measured with cold code. */
export function warmUp(url: string, bench: Bench, proof: Proof = 'token'): LoadPlan {
  return closedLoad(url, { requests: bench.short ? 500 : WARM_UP_REQUESTS }, { proof });
}

/** @param url one, or several that get the same share each */
export function steadyLoad(
  url: string | readonly string[],
  ratePerSecond: number,
  seconds: number,
  proof: Proof = 'token',
): LoadPlan {
  const urls = typeof url === 'string' ? [url] : url;
  const requests = { urls, keyPrefix: keyPrefix(), bodySize: BODY_SIZE, proof, connections: CONNECTIONS, markers: 0 };
  return { kind: 'open', ...requests, ratePerSecond, seconds };
}

/** Waits until `count` deliveries in all have reached the target and are settled. */
export async function waitForDelivered(admin: AdminClient, receiver: Receiver, target: string, count: number): Promise<void> {
  const patience = { timeoutMs: 600_000, everyMs: 10 };
  await waitFor(`${count} deliveries`, async () => (await receiver.seen()).count >= count, patience);
  await waitFor(`${count} settled deliveries`, async () => (await admin.counts(target)).pending === 0, patience);
}
