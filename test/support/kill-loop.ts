import { setTimeout as delay } from 'node:timers/promises';
import { EventLedger, type Judgement, judge } from './event-ledger.ts';
import { startHastyProxy } from './hasty-proxy.ts';
import { LedgerTarget } from './ledger-target.ts';
import { RelayProcess } from './relay-process.ts';
import { Senders } from './senders.ts';
import { waitFor } from './wait.ts';

export interface KillLoopOptions {
  rounds: number;
  entry?: string;
  clients?: number;
  /** The control: senders are acknowledged by a proxy that has stored nothing. */
  hasty?: boolean;
  onRound?: (round: number) => void;
}

export interface KillLoopReport extends Judgement {
  acknowledged: number;
  delivered: number;
  answers: Record<string, number>;
}

const CLIENTS = 16;
const SHORTEST_LIFE_MS = 100;
const LONGEST_LIFE_MS = 300;
const TARGET_FAILS = 0.05;

async function drained(relay: RelayProcess): Promise<void> {
  await waitFor('empty backlog', async () => (await relay.admin.counts('app')).pending === 0, {
    timeoutMs: 120_000,
    everyMs: 100,
  });
}

/** Clients post, the relay is killed in the midst of it, again and again over the same data; then the books are held against each other. */
export async function killLoop({
  rounds,
  entry,
  clients = CLIENTS,
  hasty = false,
  onRound,
}: KillLoopOptions): Promise<KillLoopReport> {
  const ledger = new EventLedger();
  const target = await new LedgerTarget(ledger).start();
  target.failShare = TARGET_FAILS;
  let upstream: string | null = null;
  const proxy = hasty ? await startHastyProxy(() => upstream) : null;
  const senders = new Senders(ledger, clients);
  const retry = { attempts: 24, initial: '100ms', factor: 2, max: '1s', jitter: 0.2 };
  let relay = await RelayProcess.start({
    target: target.url,
    targetOptions: { retry },
    ...(entry === undefined ? {} : { entry }),
  });
  try {
    for (let round = 1; round <= rounds; round += 1) {
      upstream = relay.hookUrl;
      const before = ledger.acknowledged.size;
      senders.aim(proxy?.url ?? relay.hookUrl);
      // A life counts from its first acknowledgement: a process killed before it has done anything proves little.
      await waitFor('acknowledgement', () => ledger.acknowledged.size > before, { everyMs: 1 });
      await delay(SHORTEST_LIFE_MS + Math.random() * (LONGEST_LIFE_MS - SHORTEST_LIFE_MS));
      const killed = relay.kill();
      senders.aim(null);
      await killed;
      relay = await relay.startAgain();
      onRound?.(round);
    }
    upstream = relay.hookUrl;
    senders.aim(proxy?.url ?? relay.hookUrl);
    await senders.stop();
    await drained(relay);
    const counts = { acknowledged: ledger.acknowledged.size, delivered: ledger.delivered.size };
    return { ...(await judge(ledger, relay.admin)), ...counts, answers: Object.fromEntries(senders.answers) };
  } finally {
    await relay.remove();
    proxy?.stop();
    await target.stop();
  }
}
