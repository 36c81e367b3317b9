import type { VerifyConfig } from '../config/types.ts';
import { CREDENTIAL_MARK } from '../domain/credential-mark.ts';
import type { DedupKey, HeaderList, NewEvent } from '../domain/event.ts';
import { presetOf } from '../providers/presets.ts';
import { parseSource } from '../providers/source.ts';
import { type Credential, configuredCredentials } from './credentials.ts';
import type { ReceivedRequest } from './received.ts';

/** What a route asks of a sender. */
export interface VerificationRule {
  /** Null for `verify: none`, which is only taken when it was written out. */
  credentials: readonly Credential[] | null;
  require: 'any' | 'all';
  /** Headers (lower case) whose values are secrets and must not be stored. */
  secretHeaders: readonly string[];
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

  constructor(request: ReceivedRequest, headers: HeaderList) {
    this.route = request.route;
    this.receivedAt = request.receivedAt;
    this.method = request.method;
    this.path = request.path;
    this.query = request.query;
    this.peer = request.peer;
    this.contentType = request.contentType;
    this.headers = headers;
    this.body = request.body;
  }
}

export type { VerifiedRequest };

export type Verdict = { kind: 'verified'; event: VerifiedRequest } | { kind: 'refused'; explanation: string };

/** Prepares a route's rule. Throws a HookbayError (`bad_template`, `bad_source`) that loading should have found. */
export function verificationRule(config: VerifyConfig): VerificationRule {
  if (config.provider === 'none') return { credentials: null, require: 'any', secretHeaders: [] };
  const { token } = presetOf(config.provider);
  const source = token === null ? null : parseSource(token.from);
  return {
    credentials: configuredCredentials(config),
    require: config.require,
    secretHeaders: source?.in === 'header' ? [source.name] : [],
  };
}

/**
 * Decides whether a request comes from whom it should (semantics.md, Credentials). Every configured
 * credential that the request carries must be right; with `any` at least one must be there, with `all` every one.
 */
export function verify(request: ReceivedRequest, rule: VerificationRule): Verdict {
  const explanation = rule.credentials === null ? null : refusal(request, rule.credentials, rule.require);
  if (explanation !== null) return { kind: 'refused', explanation };
  return { kind: 'verified', event: new VerifiedRequest(request, withoutSecrets(request.headers, rule.secretHeaders)) };
}

function refusal(request: ReceivedRequest, credentials: readonly Credential[], require: 'any' | 'all'): string | null {
  let right = 0;
  for (const credential of credentials) {
    const result = credential.check(request);
    if (result.kind === 'wrong') return result.explanation;
    if (result.kind === 'right') right += 1;
    else if (require === 'all') return `no ${credential.label}, and the route requires all credentials`;
  }
  if (right > 0) return null;
  if (credentials.length === 0) return 'the route has no credential configured, so nothing can be verified';
  return credentials.map((credential) => `no ${credential.label}`).join(' and ');
}

/** Names and order stay; a list without secrets is handed on as it is. */
function withoutSecrets(headers: HeaderList, names: readonly string[]): HeaderList {
  if (names.length === 0) return headers;
  return headers.map((field) => (isNamed(field[0], names) ? ([field[0], CREDENTIAL_MARK] as const) : field));
}

function isNamed(rawName: string, names: readonly string[]): boolean {
  for (const name of names) if (rawName.length === name.length && rawName.toLowerCase() === name) return true;
  return false;
}
