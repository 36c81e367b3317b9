import type { LeaseRoom } from './ports.ts';

/** What one target holds in memory: queued, running and not settled yet. `bytes` counts bodies. */
export interface Share {
  deliveries: number;
  bytes: number;
}

/** The bounds of the hand-off, all targets together (design.md, Flow). */
export const HAND_OFF: LeaseRoom = { deliveries: 10_000, bytes: 32 * 1024 * 1024 };

/** One lease is one transaction of the writer, and commits wait for it. */
export const LARGEST_LEASE: LeaseRoom = { deliveries: 500, bytes: 4 * 1024 * 1024 };

/**
 * Shares out the memory of the hand-off. No target may hold more than what is still free (a dynamic threshold, as
 * switches have it for their ports): one dead target alone gets half, two get a third each, and there is always
 * room for another.
 */
export class HandOffRoom {
  readonly #bounds: LeaseRoom;
  readonly held: Share = { deliveries: 0, bytes: 0 };

  constructor(bounds: LeaseRoom = HAND_OFF) {
    this.#bounds = bounds;
  }

  /** @returns false, and nothing is taken, when the share would be larger than what is then free */
  take(share: Share, bytes: number): boolean {
    if (2 * bytes + share.bytes + this.held.bytes > this.#bounds.bytes) return false;
    if (share.deliveries + this.held.deliveries + 2 > this.#bounds.deliveries) return false;
    this.add(share, 1, bytes);
    return true;
  }

  /** Takes without asking: for what was leased already. */
  add(share: Share, deliveries: number, bytes: number): void {
    share.deliveries += deliveries;
    share.bytes += bytes;
    this.held.deliveries += deliveries;
    this.held.bytes += bytes;
  }

  give(share: Share, bytes: number): void {
    this.add(share, -1, -bytes);
  }

  /** How much a target may lease next, or null. A target that holds nothing may always have one. */
  leasable(share: Share): LeaseRoom | null {
    const room = (of: keyof LeaseRoom): number =>
      Math.min(LARGEST_LEASE[of], Math.floor((this.#bounds[of] - this.held[of] - share[of]) / 2));
    const deliveries = room('deliveries');
    const bytes = room('bytes');
    if (deliveries > 0 && bytes > 0) return { deliveries, bytes };
    return share.deliveries === 0 ? { deliveries: 1, bytes: 1 } : null;
  }
}
