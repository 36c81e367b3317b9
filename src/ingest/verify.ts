import type { VerifyConfig } from '../config/types.ts';
import type { DedupKey, HeaderList, NewEvent } from '../domain/event.ts';
import type { KeyAddress } from '../providers/keys.ts';
import { type Lookalike, lookalikes } from '../providers/recognise.ts';
import { configuredCredentials } from './credentials/configured.ts';
import type { Credential, WrongReason } from './credentials/credential.ts';
import type { KeySource } from './key-source.ts';
import type { ReceivedRequest } from './received.ts';
import { NO_SECRETS, queryWithoutSecrets, type SecretPlaces, secretPlaces, withoutSecrets } from './stored-parts.ts';

/** What a route asks of a sender. */
export interface VerificationRule {
  /** Null for `verify: none`, which is only taken when it was written out. */
  credentials: readonly Credential[] | null;
  require: 'any' | 'all';
  /** Whether a request looks like one of another provider. */
  lookalike: (headers: HeaderList) => Lookalike | null;
  /** Where the request has secrets that must not be stored. */
  secrets: SecretPlaces;
  keys: KeySource;
}

/**
 * A request whose sender is known: the only kind of event that can be appended. The class is not exported
 * and its brand is protected, so nothing but {@link verify} can make one. `type` and `dedup` are filled in next.
 */
class VerifiedRequest implements NewEvent {
  declare protected readonly brand: 'verified';
  readonly route: string;
  readonly receivedAt: number;
  type: string | null = null;
  dedup: DedupKey | null = null;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly peer: string;
  readonly contentType: string | null;
  readonly headers: HeaderList;
  readonly body: Buffer;

  constructor(request: ReceivedRequest, secrets: SecretPlaces) {
    this.route = request.route;
    this.receivedAt = request.receivedAt;
    this.method = request.method;
    this.path = request.path;
    this.query = queryWithoutSecrets(request.query, secrets.query);
    this.peer = request.peer;
    this.contentType = request.contentType;
    this.headers = withoutSecrets(request.headers, secrets.headers);
    this.body = request.body;
  }
}

export type { VerifiedRequest };

/** `absent`: no credential at all, or not all that are asked for. `nothing_configured`: no request can be taken. */
export type RefusalReason = WrongReason | 'absent' | 'nothing_configured';

export interface Refused {
  kind: 'refused';
  reason: RefusalReason;
  /** For operators only: the sender is told nothing. Holds no secret. */
  explanation: string;
}

/** `key_needed`: nobody knows yet. Have the key loaded (`rule.keys`), and ask again. */
export type Verdict = { kind: 'verified'; event: VerifiedRequest } | Refused | { kind: 'key_needed'; key: KeyAddress };

const NO_KEYS: KeySource = { known: () => null, load: () => Promise.resolve(false) };

/**
 * Prepares a route's rule.
 * @param keys only asked for providers that publish their keys
 * @throws HookbayError (`bad_template`, `bad_source`, `bad_secret`, …) that loading should have found
 */
export function verificationRule(config: VerifyConfig, keys: KeySource = NO_KEYS): VerificationRule {
  if (config.provider === 'none') return { credentials: null, require: 'any', lookalike: () => null, secrets: NO_SECRETS, keys };
  const { require } = config;
  return {
    credentials: configuredCredentials(config),
    require,
    lookalike: lookalikes(config),
    secrets: secretPlaces(config),
    keys,
  };
}

/**
 * Decides whether a request comes from whom it should (semantics.md, Credentials). Every configured
 * credential that the request carries must be right; with `any` at least one must be there, with `all` every one.
 */
export function verify(request: ReceivedRequest, rule: VerificationRule): Verdict {
  const against = rule.credentials === null ? null : judge(request, rule, rule.credentials);
  if (against === null) return { kind: 'verified', event: new VerifiedRequest(request, rule.secrets) };
  return against.kind === 'refused' ? withLookalike(against, rule.lookalike(request.headers)) : against;
}

/** What speaks against a request, or null. */
function judge(
  request: ReceivedRequest,
  { require, keys }: VerificationRule,
  credentials: readonly Credential[],
): Exclude<Verdict, { kind: 'verified' }> | null {
  let right = 0;
  for (const credential of credentials) {
    const result = credential.check(request, keys);
    if (result.kind === 'wrong') return refused(result.reason, result.explanation);
    if (result.kind === 'key_needed') return result;
    if (result.kind === 'right') right += 1;
    else if (require === 'all') return refused('absent', `no ${credential.label}, and the route requires all credentials`);
  }
  if (right > 0) return null;
  if (credentials.length === 0) {
    return refused('nothing_configured', 'the route has no credential configured, so nothing can be verified');
  }
  const missed = credentials.map((credential) => `no ${credential.label}`).join(' and ');
  return refused('absent', `${missed}: is it set up at the provider, and is this the path that it was given?`);
}

/** Most of what is refused for want of a credential has been sent to the wrong path. */
function withLookalike(refusal: Refused, lookalike: Lookalike | null): Refused {
  if (lookalike === null) return refusal;
  const { label, header } = lookalike;
  return { ...refusal, explanation: `${refusal.explanation}; it looks like a request of ${label}, by its ${header} header` };
}

const refused = (reason: RefusalReason, explanation: string): Refused => ({ kind: 'refused', reason, explanation });
