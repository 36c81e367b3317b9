import type { AttemptTrigger } from './attempt.ts';
import type { Lease } from './delivery.ts';
import type { HeaderList } from './event.ts';

/** What an attempt needs of an event. */
export interface EventContent {
  id: string;
  route: string;
  type: string | null;
  receivedAt: number;
  method: string;
  path: string;
  query: string;
  peer: string;
  headers: HeaderList;
  body: Buffer;
}

/** A delivery that this process may attempt, once. */
export interface LeasedDelivery {
  id: string;
  lease: Lease;
  target: string;
  /** Attempts made before, all budgets together. */
  attempts: number;
  budgetStart: number;
  /** Attempts and waits of the present budget, ms. */
  budgetSpentMs: number;
  trigger: AttemptTrigger;
  event: EventContent;
}
