import { hash } from 'node:crypto';
import { cannotSign, type OutgoingRequest, place, readable } from './draft.ts';
import { BODY_HASH, isForm } from './form.ts';
import { hashOf, hmacDigest } from './hmac.ts';
import { sharedKey } from './keys.ts';
import { coversTimestamp, type MessagePart, messageChunks, missingPart, parseMessage } from './message.ts';
import type { HmacScheme, ProviderPreset, TimestampUnit } from './scheme.ts';
import { filledSource, isConfigured, paramText, type Sender, textParams } from './sender.ts';
import { writeSignature } from './signature.ts';
import { parseSource, type Source } from './source.ts';
import { urlRule } from './url.ts';

/** Whether a preset can be signed for with a shared secret; the others sign with a private key that only the provider has. */
export function isSignable({ auth }: Pick<ProviderPreset, 'auth'>): boolean {
  return auth.some(({ kind }) => kind === 'token' || kind === 'basic' || kind === 'hmac');
}

/**
 * A request with the proof by which its provider is known: every configured credential, each with its first secret.
 * What signs the URL signs `sender.publicUrl` with the request's path and query.
 * @param now wall time, ms
 * @throws HookbayError `cannot_sign` for a provider whose private key nobody else has, or when something that is signed is missing
 */
export function signRequest(sender: Sender, request: OutgoingRequest, now: number): OutgoingRequest {
  const signed = { ...request, headers: { ...request.headers } };
  for (const credential of sender.credentials.filter(isConfigured)) {
    const { scheme } = credential;
    const secret = credential.secrets[0] ?? '';
    switch (scheme.kind) {
      case 'token': {
        const source = parseSource(filledSource(scheme.from, sender.params));
        for (const item of itemsOf(signed, scheme.each)) place(signed, source, secret, item);
        break;
      }
      case 'basic': {
        const pair = `${paramText(sender.params, 'username')}:${secret}`;
        signed.headers.authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
        break;
      }
      case 'hmac':
        signHmac(signed, scheme, secret, sender, now);
        break;
      case 'pubkey':
      case 'sns':
        throw cannotSign(
          `${sender.provider} signs with a private key that only the provider has, so no shared secret can sign for it`,
          'have the provider send a test event',
        );
      default:
        scheme satisfies never;
    }
  }
  return signed;
}

/** The items of a list that is signed one by one; one for everything else. */
function itemsOf(request: OutgoingRequest, each: string | undefined): number[] {
  const source = each === undefined ? null : parseSource(each);
  if (source?.in !== 'body') return [0];
  const list = readable(request).list(source.path);
  if (list === null) throw cannotSign(`there is no list at '${source.path.join('.')}' in the body`);
  return [...list.keys()];
}

function signHmac(request: OutgoingRequest, scheme: HmacScheme, secret: string, sender: Sender, now: number): void {
  const message = parseMessage(scheme.message ?? '{body}', textParams(sender.params));
  const key = sharedKey(secret, scheme.key);
  const names = typeof scheme.parse?.key === 'string' ? scheme.parse.key : (scheme.parse?.key.at(-1) ?? null);
  const algorithm = hashOf(scheme.algorithm, names) ?? 'sha256';
  const from = parseSource(filledSource(scheme.from, sender.params));
  if (message.includes('form')) coverBody(request);
  for (const item of itemsOf(request, scheme.each)) {
    const { timestamp, inSignature } = placeTimestamp(request, scheme, sender, message, { now, item });
    const url = message.includes('url') ? publicUrl(sender, scheme, request) : '';
    const input = { request: readable(request), timestamp, url, item };
    const chunks = messageChunks(message, input);
    if (chunks === null) throw cannotSign(missingPart(message, input));
    const text = hmacDigest(algorithm, key, chunks).toString(scheme.encoding ?? 'hex');
    place(request, from, writeSignature(text, scheme.parse, inSignature), item);
  }
}

/** Puts the time where the provider does, unless the body brings its own. */
function placeTimestamp(
  request: OutgoingRequest,
  { timestamp: scheme }: HmacScheme,
  { params }: Sender,
  message: readonly MessagePart[],
  { now, item }: { now: number; item: number },
): { timestamp: string; inSignature: [string, string][] } {
  const source: Source | null = scheme === undefined ? null : parseSource(filledSource(scheme.from, params));
  if (scheme === undefined || source === null || !coversTimestamp(message, source)) return { timestamp: '', inSignature: [] };
  const own = source.in === 'body' ? readable(request).text(source, item) : null;
  const timestamp = own ?? writtenTime(now, scheme.unit);
  if (source.in === 'sig') return { timestamp, inSignature: [[source.name, timestamp]] };
  if (own === null) place(request, source, timestamp, item);
  return { timestamp, inSignature: [] };
}

function writtenTime(now: number, unit: TimestampUnit): string {
  switch (unit) {
    case 's':
    case 'any':
      return String(Math.floor(now / 1000));
    case 'ms':
      return String(now);
    case 'iso':
      return new Date(now).toISOString();
    case 'httpdate':
      return new Date(now).toUTCString();
    default:
      return unit satisfies never;
  }
}

/** Twilio covers a body that is no form by its hash in the query. */
function coverBody(request: OutgoingRequest): void {
  if (request.body.length === 0 || isForm(request.headers['content-type'] ?? null)) return;
  place(request, { in: 'query', name: BODY_HASH }, hash('sha256', request.body));
}

function publicUrl(sender: Sender, scheme: HmacScheme, request: OutgoingRequest): string {
  if (sender.publicUrl === null) throw cannotSign('the provider signs the URL that it posts to, and publicUrl is not known');
  return urlRule(sender.publicUrl, scheme.url)(request)[0] ?? '';
}
