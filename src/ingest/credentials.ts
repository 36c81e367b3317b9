import { createSecretKey, hash, timingSafeEqual } from 'node:crypto';
import type { VerifyConfig } from '../config/types.ts';
import { decodeSignature, hmacDigest } from '../providers/hmac.ts';
import { type HmacScheme, type ProviderPreset, presetOf, type TimestampUnit } from '../providers/presets.ts';
import { parseSource, type Source, sourceLabel } from '../providers/source.ts';
import { parseMessage } from '../providers/template.ts';
import { isConflicting } from './head.ts';
import type { ReceivedRequest } from './received.ts';
import { checkTimestamp } from './timestamp.ts';

/** What a credential says about a request. Explanations are for operators only and hold no secret. */
export type CredentialCheck = { kind: 'right' } | { kind: 'absent' } | { kind: 'wrong'; explanation: string };

/** One configured way for a sender to prove who it is. */
export interface Credential {
  /** What is missed when it is absent. */
  label: string;
  check(request: ReceivedRequest): CredentialCheck;
}

const RIGHT: CredentialCheck = { kind: 'right' };
const ABSENT: CredentialCheck = { kind: 'absent' };
const wrong = (explanation: string): CredentialCheck => ({ kind: 'wrong', explanation });

/** The credentials that a route has configured, tokens first. Throws a HookbayError for a template or source that is none. */
export function configuredCredentials(config: Exclude<VerifyConfig, { provider: 'none' }>): Credential[] {
  const preset: ProviderPreset = presetOf(config.provider);
  const credentials: Credential[] = [];
  if (preset.token !== null && config.tokens.length > 0) credentials.push(tokenCredential(preset.token.from, config.tokens));
  if (preset.hmac !== null && config.hmacSecrets.length > 0) credentials.push(hmacCredential(preset.hmac, config));
  return credentials;
}

/**
 * Reads a credential's field. An empty field was still sent: it is a credential, and a wrong one.
 * @returns null when it is absent
 */
function field(request: ReceivedRequest, source: Source): string | CredentialCheck | null {
  if (!request.has(source)) return null;
  if (source.in === 'header' && isConflicting(request.headers, source.name)) {
    return wrong(`there are several ${sourceLabel(source)}s with different values`);
  }
  return request.text(source) ?? '';
}

/** Digests have one length whatever the token, so the comparison says nothing about either. */
function tokenCredential(from: string, tokens: readonly string[]): Credential {
  const source = parseSource(from);
  const digests = tokens.map((token) => hash('sha256', Buffer.from(token, 'utf8'), 'buffer'));
  // Node hands out header bytes as latin1; a value in a body is text.
  const encoding = source.in === 'header' ? 'latin1' : 'utf8';
  const mismatch = wrong(`the ${sourceLabel(source)} does not match any configured token`);
  return {
    label: sourceLabel(source),
    check(request) {
      const token = field(request, source);
      if (token === null) return ABSENT;
      if (typeof token !== 'string') return token;
      const digest = hash('sha256', Buffer.from(token, encoding), 'buffer');
      let matches = false;
      // Every token is tried, without an early exit.
      for (const known of digests) matches = timingSafeEqual(known, digest) || matches;
      return matches ? RIGHT : mismatch;
    },
  };
}

interface SignedTimestamp {
  source: Source;
  unit: TimestampUnit;
  toleranceMs: number;
}

function hmacCredential(scheme: HmacScheme, config: Exclude<VerifyConfig, { provider: 'none' }>): Credential {
  const source = parseSource(scheme.from);
  const keys = config.hmacSecrets.map((secret) => createSecretKey(secret, 'utf8'));
  const message = parseMessage(config.hmacTemplate);
  // A timestamp that the signature does not cover proves nothing, so it is not asked for.
  const timestamp: SignedTimestamp | null =
    scheme.timestamp !== null && message.includes('timestamp')
      ? { source: parseSource(config.hmacTimestamp), unit: scheme.timestamp.unit, toleranceMs: config.toleranceMs }
      : null;
  return {
    label: sourceLabel(source),
    check(request) {
      const value = field(request, source);
      if (value === null) return ABSENT;
      if (typeof value !== 'string') return value;
      const signature = decodeSignature(value, scheme);
      if (signature === null)
        return wrong(`the ${sourceLabel(source)} is not ${scheme.prefix}<${scheme.encoding} ${scheme.algorithm}>`);
      const stamp = timestamp === null ? '' : signedTimestamp(request, timestamp);
      if (typeof stamp !== 'string') return stamp;
      let matches = false;
      for (const key of keys) {
        matches = timingSafeEqual(hmacDigest(scheme.algorithm, key, message, request.body, stamp), signature) || matches;
      }
      return matches ? RIGHT : wrong(`the ${sourceLabel(source)} does not match the body under any configured secret`);
    },
  };
}

/** @returns the timestamp's own text, which is what was signed */
function signedTimestamp(request: ReceivedRequest, rule: SignedTimestamp): string | CredentialCheck {
  const text = field(request, rule.source);
  if (text === null) return wrong(`a signature, but no timestamp: no ${sourceLabel(rule.source)}`);
  if (typeof text !== 'string') return text;
  const check = checkTimestamp(text, rule.unit, rule.toleranceMs, request.receivedAt);
  switch (check.kind) {
    case 'fresh':
      return text;
    case 'malformed':
      return wrong(`the ${sourceLabel(rule.source)} is not a timestamp`);
    case 'outside':
      return wrong(check.explanation);
    default:
      return check satisfies never;
  }
}
