import { hash, timingSafeEqual } from 'node:crypto';
import type { TokenScheme } from '../../providers/scheme.ts';
import { filledSource, paramText, type SenderParams } from '../../providers/sender.ts';
import { decodeSignature } from '../../providers/signature.ts';
import { parseSource, type Source, sourceLabel } from '../../providers/source.ts';
import { ABSENT, type Credential, type CredentialCheck, eachItem, RIGHT, readField, wrong } from './credential.ts';

/** Digests have one length whatever the token, so a comparison says nothing about either. Every known one is tried. */
function isAmong(digests: readonly Buffer[], bytes: Buffer): boolean {
  const digest = hash('sha256', bytes, 'buffer');
  let matches = false;
  for (const known of digests) matches = timingSafeEqual(known, digest) || matches;
  return matches;
}

const digestsOf = (secrets: readonly string[]): Buffer[] =>
  secrets.map((secret) => hash('sha256', Buffer.from(secret, 'utf8'), 'buffer'));

/** Node hands out header bytes as latin1; a value in a body or a query is text. */
const encodingAt = (source: Source): 'latin1' | 'utf8' => (source.in === 'header' || source.in === 'bearer' ? 'latin1' : 'utf8');

const BEARER = /^bearer +(\S+)$/i;

export function tokenCredential(scheme: TokenScheme, tokens: readonly string[], params: SenderParams): Credential {
  const source = parseSource(filledSource(scheme.from, params));
  const digests = digestsOf(tokens);
  const encoding = encodingAt(source);
  const label = sourceLabel(source);
  const mismatch = wrong(
    'no_match',
    `the ${label} does not match any configured token: another one is set at the provider, or somebody else sent this`,
  );
  const withScheme = wrong(
    'no_match',
    `the ${label} does not match any configured token, but it would without 'Bearer' before it: configure the token as the provider sends it`,
  );
  const check: Parameters<typeof eachItem>[2] = (request, _keys, item): CredentialCheck => {
    const token = readField(request, source, item);
    if (token === null) return ABSENT;
    if (typeof token !== 'string') return token;
    if (isAmong(digests, Buffer.from(token, encoding))) return RIGHT;
    const bare = BEARER.exec(token)?.[1];
    return bare !== undefined && isAmong(digests, Buffer.from(bare, encoding)) ? withScheme : mismatch;
  };
  if (scheme.each !== undefined) return eachItem(label, parseSource(scheme.each), check);
  return { label, check: (request, keys) => check(request, keys, 0) };
}

const BASIC = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i;
const AUTHORIZATION: Source = { in: 'header', name: 'authorization' };

/** User and password (RFC 7617), compared together. */
export function basicCredential(passwords: readonly string[], params: SenderParams): Credential {
  const user = paramText(params, 'username');
  const digests = digestsOf(passwords.map((password) => `${user}:${password}`));
  const label = sourceLabel(AUTHORIZATION);
  return {
    label,
    check(request) {
      const value = readField(request, AUTHORIZATION);
      if (value === null) return ABSENT;
      if (typeof value !== 'string') return value;
      const pair = decodeSignature(BASIC.exec(value)?.[1] ?? '', 'base64', null);
      if (pair === null) return wrong('malformed', `the ${label} is not basic authentication`);
      if (isAmong(digests, pair)) return RIGHT;
      return wrong(
        'no_match',
        `the ${label} does not match the configured user and password: others are set at the provider, or somebody else sent this`,
      );
    },
  };
}
