import type { KeySource } from '../../src/ingest/key-source.ts';
import { fetchedKeys, type KeyAddress } from '../../src/providers/keys.ts';

/** Keys out of a map from addresses to what stands there; held to the contract of the fetching one. */
export class MemoryKeys implements KeySource {
  readonly pages: ReadonlyMap<string, string>;
  readonly asked: string[] = [];
  readonly #loaded = new Map<string, ReturnType<typeof fetchedKeys>>();

  constructor(pages: Readonly<Record<string, string>>) {
    this.pages = new Map(Object.entries(pages));
  }

  known({ url, algorithm }: KeyAddress): ReturnType<KeySource['known']> {
    const keys = this.#loaded.get(`${algorithm} ${url}`);
    return keys === undefined ? null : { keys, mayHaveChanged: false };
  }

  load(address: KeyAddress): Promise<boolean> {
    this.asked.push(address.url);
    const keys = fetchedKeys(this.pages.get(address.url) ?? '', address, Date.now());
    if (keys.length > 0) this.#loaded.set(`${address.algorithm} ${address.url}`, keys);
    return Promise.resolve(keys.length > 0);
  }
}
