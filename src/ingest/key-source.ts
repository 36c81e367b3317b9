import type { KeyObject } from 'node:crypto';
import type { KeyAddress } from '../providers/keys.ts';

/** Public keys of providers that publish them at an address. A request waits for one only when it is not known yet. */
export interface KeySource {
  /**
   * The keys of an address that are in memory and not too old; null when they have to be loaded first.
   * `mayHaveChanged`: a signature that none of them fits is a reason to load them again.
   */
  known(address: KeyAddress): { keys: readonly KeyObject[]; mayHaveChanged: boolean } | null;
  /** Loads them, and resolves within some seconds with whether it could. Never rejects. */
  load(address: KeyAddress): Promise<boolean>;
}
