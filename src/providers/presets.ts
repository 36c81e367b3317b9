import { KNOWLEDGESDK_PRESETS } from './presets/knowledgesdk.ts';
import { PUBLIC_KEY_PRESETS } from './presets/public-keys.ts';
import { SIGNED_BODY_PRESETS } from './presets/signed-body.ts';
import { SIGNED_MESSAGE_PRESETS } from './presets/signed-messages.ts';
import { SIGNED_TIME_PRESETS } from './presets/signed-time.ts';
import { SIGNED_URL_PRESETS } from './presets/signed-url.ts';
import { STANDARD_WEBHOOKS_PRESETS } from './presets/standard-webhooks.ts';
import { TOKEN_PRESETS } from './presets/tokens.ts';
import type { ProviderPreset } from './scheme.ts';

/** One row a provider. */
export const PRESETS = {
  ...KNOWLEDGESDK_PRESETS,
  ...STANDARD_WEBHOOKS_PRESETS,
  ...SIGNED_BODY_PRESETS,
  ...SIGNED_MESSAGE_PRESETS,
  ...SIGNED_TIME_PRESETS,
  ...SIGNED_URL_PRESETS,
  ...TOKEN_PRESETS,
  ...PUBLIC_KEY_PRESETS,
} as const satisfies Record<string, ProviderPreset>;

export type ProviderName = keyof typeof PRESETS;

/** All names, KnowledgeSDK first and the others by the alphabet. */
export const PROVIDER_NAMES: readonly ProviderName[] = (Object.keys(PRESETS) as ProviderName[]).sort((a, b) => {
  if (a === 'knowledgesdk' || b === 'knowledgesdk') return a === 'knowledgesdk' ? -1 : 1;
  return a < b ? -1 : 1;
});

/** The preset of a provider, without the narrow literal types of the table. */
export function presetOf(provider: ProviderName): ProviderPreset {
  return PRESETS[provider];
}

export function isProviderName(name: string): name is ProviderName {
  return Object.hasOwn(PRESETS, name);
}
