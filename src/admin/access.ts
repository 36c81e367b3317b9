import { createHash, timingSafeEqual } from 'node:crypto';
import type { AdminRole, AdminToken } from '../config/types.ts';
import { HookbayError } from '../domain/errors.ts';

/** SHA-256: comparing digests takes the same time whatever the length of what was sent. */
export const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Who calls, and what he may do. */
export interface Identity {
  name: string;
  role: AdminRole;
}

/** Whoever is on this machine, where no token is configured. */
export const LOCAL: Identity = { name: 'local', role: 'operator' };

/** A token that was recognised. */
export interface KnownToken extends Identity {
  digest: Buffer;
}

/** The tokens that open the API. */
export class TokenSet {
  readonly #known: readonly KnownToken[];

  constructor(tokens: readonly AdminToken[]) {
    this.#known = tokens
      .filter(({ token }) => token !== '')
      .map(({ name, role, token }) => ({ name, role, digest: digest(token) }));
  }

  get isEmpty(): boolean {
    return this.#known.length === 0;
  }

  /** @returns the token that it is the digest of, or null. Every token is compared, whichever matches. */
  match(candidate: Buffer): KnownToken | null {
    let matched: KnownToken | null = null;
    for (const known of this.#known) if (timingSafeEqual(known.digest, candidate)) matched = known;
    return matched;
  }
}

/** @throws HookbayError 403 for a viewer who wants to act */
export function requireOperator({ name, role }: Identity): void {
  if (role === 'operator') return;
  const hint = 'Somebody with the role operator can do it.';
  throw new HookbayError({
    code: 'operator_required',
    status: 403,
    message: `${name} is a viewer, who changes nothing and sees nothing that is hidden.`,
    hint,
  });
}

/** Whether only this machine can reach an address to listen on. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

const LOCAL_HOST = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i;

/**
 * Without tokens the only guard is that the caller is on this machine. A page that has rebound its own name to
 * 127.0.0.1 is too, but it cannot change what the browser sends as Host.
 * @throws HookbayError 403
 */
export function requireLocalHost(host: string | undefined): void {
  if (host !== undefined && LOCAL_HOST.test(host)) return;
  const hint = 'Use http://127.0.0.1 or http://localhost, or configure admin.token.';
  throw new HookbayError({
    code: 'host_not_local',
    status: 403,
    message: 'Without a token only local names are answered.',
    hint,
  });
}

export interface SiteHeaders {
  host: string | undefined;
  origin: string | undefined;
  /** `Sec-Fetch-Site`, which a page cannot forge. */
  fetchSite: string | undefined;
}

/**
 * Refuses what a page of another site makes a browser send. SameSite cookies are not enough: to them every port of
 * localhost is the same site. Programs that are not browsers send neither header.
 * @throws HookbayError 403
 */
export function requireSameOrigin({ host, origin, fetchSite }: SiteHeaders): void {
  if (fetchSite !== undefined && fetchSite !== 'same-origin' && fetchSite !== 'none') throw crossOrigin();
  if (origin === undefined || fetchSite !== undefined) return;
  const from = URL.canParse(origin) ? new URL(origin).host : null;
  if (from === null || from === '' || from !== host?.toLowerCase()) throw crossOrigin();
}

function crossOrigin(): HookbayError {
  return new HookbayError({ code: 'cross_origin', status: 403, message: 'This request comes from another site.' });
}
