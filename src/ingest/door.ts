import type { AdmissionConfig } from '../config/types.ts';
import type { Rate } from '../config/units.ts';
import { type AddressList, addressList, isListed } from './address-list.ts';
import type { RefusalCode } from './problems.ts';
import { TokenBucket } from './token-bucket.ts';

/** Whom and how much a route lets in, prepared. */
export interface Admission {
  /** Null for everybody. */
  sources: AddressList | null;
  requireHttps: boolean;
  limit: RateLimit | null;
  /** Pending deliveries past which nothing is taken. */
  backlog: number;
}

interface RateLimit {
  rate: Rate;
  bucket: TokenBucket;
}

/**
 * @param former of the same route before a reload: its bucket stays, or every reload would let a flood in
 * @throws HookbayError `bad_source_range`
 */
export function admission(config: AdmissionConfig, former: Admission | null): Admission {
  const { sources, requireHttps, rateLimit, backlog } = config;
  return {
    sources: sources === null ? null : addressList(sources, 'bad_source_range'),
    requireHttps,
    limit: rateLimit === null ? null : limitOf(rateLimit, former?.limit ?? null),
    backlog,
  };
}

/** All that the rate allows in its second, minute or hour may come at once: refusals make providers pause a webhook. */
function limitOf(rate: Rate, former: RateLimit | null): RateLimit {
  if (former !== null && former.rate.amount === rate.amount && former.rate.perMs === rate.perMs) return former;
  return { rate, bucket: new TokenBucket({ perSecond: (rate.amount / rate.perMs) * 1_000, burst: rate.amount }) };
}

/** Why a request may not come in. */
export interface Turned {
  code: RefusalCode;
  explanation: string;
  /** Seconds, in place of the usual ones. */
  retryAfter?: number;
}

/**
 * Decides from the head alone. Who may not send spends nothing of the rate.
 * @param isHttps asked only where it matters
 * @param now monotonic time, ms
 */
export function turnedAway(rule: Admission, peer: string, isHttps: () => boolean, now: number): Turned | null {
  if (rule.sources !== null && !isListed(peer, rule.sources)) {
    return { code: 'source_not_allowed', explanation: `${peer} is not among the route's sources` };
  }
  if (rule.requireHttps && !isHttps()) {
    const explanation = 'it came neither over TLS nor from a trusted proxy that says X-Forwarded-Proto: https';
    return { code: 'https_required', explanation };
  }
  if (rule.limit === null || rule.limit.bucket.take(now)) return null;
  const retryAfter = Math.max(1, Math.ceil(Math.round(rule.limit.bucket.untilNext()) / 1_000));
  return { code: 'rate_limited', explanation: "more requests than the route's rateLimit", retryAfter };
}
