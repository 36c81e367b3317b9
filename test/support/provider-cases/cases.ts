import { ReceivedRequest } from '../../../src/ingest/received.ts';
import { type VerificationRule, verificationRule } from '../../../src/ingest/verify.ts';
import type { OutgoingRequest } from '../../../src/providers/draft.ts';
import type { ProviderName } from '../../../src/providers/presets.ts';
import { sampleRequest } from '../../../src/providers/sample.ts';
import { senderOf } from '../../../src/providers/sender.ts';
import type { CredentialCase, Which } from './credential-case.ts';
import { OTHER_SECRETS } from './other-secrets.ts';
import { PUBLIC_KEYS } from './public-keys.ts';
import { SIGNED_BODIES } from './signed-bodies.ts';
import { SIGNED_TIMES } from './signed-times.ts';

/** Every credential of every preset, in the order of the preset. A preset that is not here fails the compiler and the tests. */
export const CASES = {
  ...OTHER_SECRETS,
  ...SIGNED_BODIES,
  ...SIGNED_TIMES,
  ...PUBLIC_KEYS,
} as const satisfies Record<ProviderName, readonly CredentialCase[]>;

export interface NamedCase extends CredentialCase {
  name: string;
  provider: ProviderName;
}

export const NAMED_CASES: readonly NamedCase[] = Object.entries(CASES).flatMap(([provider, cases]) =>
  cases.map((each, index) => ({
    ...each,
    provider: provider as ProviderName,
    name: index === 0 && cases.length === 1 ? provider : `${provider} (${each.place})`,
  })),
);

export const NOW = Date.UTC(2026, 2, 20, 14, 30);
/** Escapes of both cases, so that a URL that was rebuilt would differ. */
const QUERY = 'a=1&b=%20x&c=%3A%2F&d=%7e';

export function ruleFor({ provider, configure }: NamedCase, which: readonly Which[] = ['first']): VerificationRule {
  const { settings, keys } = configure(which);
  return verificationRule(senderOf(provider, settings), keys);
}

/** A test event of the provider, not signed. */
export function unsigned({ provider, configure }: NamedCase, now = NOW): OutgoingRequest {
  const request = sampleRequest(senderOf(provider, configure(['first']).settings), now);
  return { ...request, path: `/webhooks/${provider}`, query: QUERY };
}

/** A test event with its proof. */
export function signed(each: NamedCase, which: Which = 'first', now = NOW): OutgoingRequest {
  return each.sign(unsigned(each, now), which, now);
}

export function arrived(request: OutgoingRequest, changes: Partial<ReceivedRequest> = {}): ReceivedRequest {
  const { headers, ...parts } = request;
  return new ReceivedRequest({
    ...parts,
    headers: Object.entries(headers),
    contentType: headers['content-type'] ?? null,
    route: 'test',
    receivedAt: NOW,
    peer: '192.0.2.1',
    ...changes,
  });
}
