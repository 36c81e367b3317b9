import type { LeasedDelivery } from '../../domain/leased-delivery.ts';

/** Who takes over what was just appended, so that the hot path never reads back what it wrote. */
export interface HandOff {
  /** Asked before the append: is there room for a delivery of this target with a body of so many bytes? */
  reserve(target: string, bytes: number, route: string): boolean;
  /** The append did not happen, or the event is a duplicate. */
  unreserve(target: string, bytes: number): void;
  /** The append is on disk; the delivery is leased. */
  hand(delivery: LeasedDelivery): void;
  /** A delivery that was leased without having been asked for, because its turn in its order has come. @returns false when there is no room for it */
  take(delivery: LeasedDelivery): boolean;
  /** Gives a delivery back that has been leased and not begun: an operator wants to change it. */
  withdraw(deliveryId: string): void;
  /** The delivery is cancelled: what is queued is dropped, what runs is aborted. */
  cancel(deliveryId: string): void;
  /** Something of the target waits in the store and is due at this wall time. */
  wake(target: string, dueAt: number): void;
}

/** Told of what the store does. Must not throw. */
export interface StoreObserver {
  /** @param rows appends, settles and commands of one transaction */
  committed(seconds: number, rows: number): void;
  /** @param walBytes length of the write-ahead log, moved pages included */
  walSize(walBytes: number): void;
  /** Once per look while the log is past its alarm size. */
  walAlarm(walBytes: number): void;
  checkpointed(seconds: number): void;
  checkpointFailed(code: string): void;
  /** Reasons for which events are not taken; empty when all is well. */
  trouble(reasons: readonly StorageTrouble[]): void;
  /**
   * The database was larger than it may be, and the oldest finished events went.
   * @param overfull still too large, and nothing is left that may go
   */
  evicted(events: number, overfull: boolean): void;
  /** Events that were deleted on request. */
  deleted(events: number): void;
  /** A stored event is not what was accepted: its deliveries are held. */
  damaged(deliveryId: string): void;
}

/**
 * - `disk_low`: less than `minFree` is left
 * - `disk_full`: a write failed for want of room; stays until the ballast is back
 * - `wal_full`: the write-ahead log has reached its hard limit
 * - `checkpoint_failing`: pages cannot be moved from the log into the database
 * - `commit_stalled`: no commit has come back for 4 s
 * - `broken`: an I/O error or damage; the process must end
 */
export type StorageTrouble = 'disk_low' | 'disk_full' | 'wal_full' | 'checkpoint_failing' | 'commit_stalled' | 'broken';
