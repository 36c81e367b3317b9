import type { AdminClient } from './admin-client.ts';

/** What was sent, acknowledged and delivered, by dedup key: both ends of the relay write into it. */
export class EventLedger {
  readonly sent = new Set<string>();
  readonly acknowledged = new Set<string>();
  /** How often the target answered 2xx for the key. */
  readonly delivered = new Map<string, number>();
  /** Keys that reached the target with other bytes than were sent. */
  readonly altered = new Set<string>();

  noteDelivered(key: string): void {
    this.delivered.set(key, (this.delivered.get(key) ?? 0) + 1);
  }
}

export interface Judgement {
  /** Acknowledged and neither delivered nor visible as pending, held or dead. */
  lost: string[];
  /** Delivered but never sent. */
  phantom: string[];
  /** Stored more than once. */
  duplicate: string[];
  altered: string[];
  /** Delivered more than once: allowed after a crash, worth knowing. */
  repeated: number;
}

const STILL_OWNED = ['pending', 'delivering', 'held', 'dead'];

/** Holds the ledger against what the relay shows. The relay must be running. */
export async function judge(ledger: EventLedger, admin: AdminClient): Promise<Judgement> {
  const stored = new Map<string, number>();
  const owned = new Set<string>();
  for await (const { dedupKey, statuses } of admin.events()) {
    if (dedupKey === null) continue;
    stored.set(dedupKey, (stored.get(dedupKey) ?? 0) + 1);
    if (STILL_OWNED.some((status) => (statuses[status] ?? 0) > 0)) owned.add(dedupKey);
  }
  return {
    lost: [...ledger.acknowledged].filter((key) => !ledger.delivered.has(key) && !owned.has(key)),
    phantom: [...ledger.delivered.keys()].filter((key) => !ledger.sent.has(key)),
    duplicate: [...stored].filter(([, times]) => times > 1).map(([key]) => key),
    altered: [...ledger.altered],
    repeated: [...ledger.delivered.values()].filter((times) => times > 1).length,
  };
}
