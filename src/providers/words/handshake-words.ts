import type { ProviderName } from '../presets.ts';

/** The handshakes of a provider, each in a sentence. There are none as long as the relay answers none. */
export function handshakeWords(_provider: ProviderName): string[] {
  return [];
}
