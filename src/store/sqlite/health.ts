import type { UnavailableReason } from '../../domain/event.ts';
import type { StorageTrouble } from './ports.ts';

const REFUSES: Record<StorageTrouble, UnavailableReason> = {
  broken: 'storage_failing',
  disk_full: 'disk_full',
  disk_low: 'disk_full',
  wal_full: 'wal_full',
  checkpoint_failing: 'storage_failing',
  commit_stalled: 'commit_timeout',
};

/** What is wrong with the store, and so whether events are taken. */
export class StorageHealth {
  readonly #troubles = new Set<StorageTrouble>();
  readonly #changed: (reasons: readonly StorageTrouble[]) => void;
  #refusal: UnavailableReason | null = null;

  constructor(changed: (reasons: readonly StorageTrouble[]) => void) {
    this.#changed = changed;
  }

  /** Asked for every request: null while events are taken. */
  get refusal(): UnavailableReason | null {
    return this.#refusal;
  }

  get troubles(): readonly StorageTrouble[] {
    return [...this.#troubles];
  }

  has(trouble: StorageTrouble): boolean {
    return this.#troubles.has(trouble);
  }

  set(trouble: StorageTrouble, present: boolean): void {
    if (this.#troubles.has(trouble) === present) return;
    if (present) this.#troubles.add(trouble);
    else this.#troubles.delete(trouble);
    const [first] = this.#troubles;
    this.#refusal = first === undefined ? null : REFUSES[first];
    this.#changed(this.troubles);
  }
}
