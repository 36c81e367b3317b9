import { randomBytes } from 'node:crypto';
import type { Clock } from '../domain/clock.ts';
import { HookbayError } from '../domain/errors.ts';
import { digest, type Identity, type KnownToken, type TokenSet } from './access.ts';

const COOKIE = 'hookbay_session';
const LIFETIME_MS = 12 * 3_600_000;
/** The oldest session goes when there are more. */
const MOST_SESSIONS = 1_000;

const WINDOW_MS = 60_000;
/** A person does not mistype a token ten times a minute. */
const MOST_TRIES = 10;
const MOST_PEERS = 1_000;

const ATTRIBUTES = 'Path=/; HttpOnly; SameSite=Strict';

interface Entry {
  expiresAt: number;
  token: Buffer;
}

/** Forgets the entry that was added first, so that nobody can fill the memory. */
function bound(map: Map<string, unknown>, most: number): void {
  const oldest = map.keys().next();
  if (map.size > most && !oldest.done) map.delete(oldest.value);
}

function sessionId(cookies: string | undefined): string | null {
  for (const part of (cookies ?? '').split(';')) {
    const [name, value] = part.trim().split('=');
    if (name === COOKIE && value !== undefined) return value;
  }
  return null;
}

/** Sessions of the dashboard, in memory: a restart logs everybody out. Each stands for the token that it was opened with. */
export class Sessions {
  readonly #clock: Clock;
  readonly #sessions = new Map<string, Entry>();
  readonly #tries = new Map<string, { since: number; count: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * @returns the value for Set-Cookie and who it is, or null when the token is not one of them
   * @throws HookbayError 429 after ten tries within a minute
   */
  login(token: string, peer: string, tokens: TokenSet): { cookie: string; who: Identity } | null {
    this.#countTry(peer);
    const matched = tokens.match(digest(token));
    if (matched === null) return null;
    const id = randomBytes(32).toString('base64url');
    // Kept by its digest, so that looking it up says nothing about how much of a guess was right.
    this.#sessions.set(digest(id).toString('hex'), { expiresAt: this.#clock.monotonic() + LIFETIME_MS, token: matched.digest });
    bound(this.#sessions, MOST_SESSIONS);
    return { cookie: `${COOKIE}=${id}; Max-Age=${LIFETIME_MS / 1000}; ${ATTRIBUTES}`, who: matched };
  }

  /** Who the cookie is of: that of an open session whose token is still configured; otherwise null. */
  whoIs(cookies: string | undefined, tokens: TokenSet): KnownToken | null {
    const id = sessionId(cookies);
    if (id === null) return null;
    const key = digest(id).toString('hex');
    const entry = this.#sessions.get(key);
    if (entry === undefined) return null;
    const known = entry.expiresAt > this.#clock.monotonic() ? tokens.match(entry.token) : null;
    if (known === null) this.#sessions.delete(key);
    return known;
  }

  /** @returns the value for Set-Cookie that takes the cookie away */
  logout(cookies: string | undefined): string {
    const id = sessionId(cookies);
    if (id !== null) this.#sessions.delete(digest(id).toString('hex'));
    return `${COOKIE}=; Max-Age=0; ${ATTRIBUTES}`;
  }

  #countTry(peer: string): void {
    const now = this.#clock.monotonic();
    const known = this.#tries.get(peer);
    const entry = known !== undefined && now - known.since < WINDOW_MS ? known : { since: now, count: 0 };
    this.#tries.delete(peer);
    this.#tries.set(peer, entry);
    bound(this.#tries, MOST_PEERS);
    entry.count += 1;
    if (entry.count <= MOST_TRIES) return;
    const hint = 'Wait a minute.';
    throw new HookbayError({ code: 'too_many_logins', status: 429, message: 'Too many tries to log in.', hint });
  }
}
