import { HookbayError } from '../../domain/errors.ts';
import {
  type Chunk,
  coversTimestamp,
  type MessageInput,
  type MessagePart,
  messageChunks,
  missingPart,
  parseMessage,
} from '../../providers/message.ts';
import type { HmacScheme, PublicKeyScheme, TimestampUnit } from '../../providers/scheme.ts';
import { filledSource, type Sender, textParams } from '../../providers/sender.ts';
import { parseSource, type Source, sourceLabel } from '../../providers/source.ts';
import { type UrlRule, urlRule } from '../../providers/url.ts';
import { spokenDuration } from '../../providers/words/text.ts';
import type { ReceivedRequest } from '../received.ts';
import { checkTimestamp, type TimestampCheck } from '../timestamp.ts';
import { readField, type Wrong, wrong } from './credential.ts';
import type { SentSignatures } from './signature-fields.ts';

/** What a signature says of its time. */
export interface SignedTime {
  kind: 'time';
  /** Its own text, which is what was signed; empty when there is none. */
  text: string;
  /** Null when it is in order, or not covered. */
  outside: Extract<TimestampCheck, { kind: 'outside' }> | null;
}

const NO_URL = [''];
const NO_TIME: SignedTime = { kind: 'time', text: '', outside: null };

/** The part of a signature that does not depend on its kind: message and time. Everything is prepared once. */
export class SignedMessage {
  readonly #parts: readonly MessagePart[];
  readonly #urls: UrlRule | null;
  readonly #time: { source: Source; unit: Parameters<typeof checkTimestamp>[1]; toleranceMs: number } | null;

  /** @throws HookbayError `bad_template`, `bad_source`, `no_public_url` */
  constructor(scheme: HmacScheme | PublicKeyScheme, { params, publicUrl }: Pick<Sender, 'params' | 'publicUrl'>) {
    this.#parts = parseMessage(scheme.message ?? '{body}', textParams(params));
    this.#urls = this.#parts.includes('url') ? urlRule(requiredUrl(publicUrl), scheme.url) : null;
    const { timestamp } = scheme;
    const source = timestamp === undefined ? null : parseSource(filledSource(timestamp.from, params));
    // A timestamp that the signature does not cover proves nothing, so it is not asked for.
    this.#time =
      timestamp !== undefined && source !== null && coversTimestamp(this.#parts, source) ? { ...timestamp, source } : null;
  }

  /** The time that was signed: a missing or malformed one is wrong at once, one outside is told together with the rest. */
  time(request: ReceivedRequest, { others }: SentSignatures, item: number): SignedTime | Wrong {
    if (this.#time === null) return NO_TIME;
    const { source, unit, toleranceMs } = this.#time;
    const text = source.in === 'sig' ? signatureField(others, source.name) : readField(request, source, item);
    const label = sourceLabel(source);
    if (text === null) return wrong('no_timestamp', `a signature, but no timestamp: no ${label}, which it covers`);
    if (typeof text !== 'string') return text;
    const check = checkTimestamp(text, unit, toleranceMs, request.receivedAt);
    switch (check.kind) {
      case 'fresh':
        return { kind: 'time', text, outside: null };
      case 'outside':
        return { kind: 'time', text, outside: check };
      case 'malformed':
        return wrong('malformed', `the ${label} is not a timestamp in ${UNITS[unit]}`);
      default:
        return check satisfies never;
    }
  }

  /** The message in each spelling that may have been signed; mostly one. */
  messages(request: ReceivedRequest, timestamp: string, item: number): readonly Chunk[][] | Wrong {
    const messages: Chunk[][] = [];
    for (const url of this.#urls === null ? NO_URL : this.#urls(request)) {
      const input: MessageInput = { request, timestamp, url, item };
      const chunks = messageChunks(this.#parts, input);
      if (chunks === null) return wrong('incomplete', missingPart(this.#parts, input));
      messages.push(chunks);
    }
    return messages;
  }

  /** A signature that does not match. Nobody can tell another key from another body, so both are said. */
  mismatch(label: string, under: SigningKey, time: SignedTime, request: ReceivedRequest): Wrong {
    // Without the query, which may hold secrets.
    const url = this.#urls?.({ path: request.path, query: '' })[0];
    const causes = [
      OTHER_KEY[under],
      request.body.length === 0 ? 'the body, which is empty, was lost on the way' : 'the body was changed on the way',
      ...(url === undefined ? [] : [`the provider was given another URL than ${url}`]),
    ];
    const also = time.outside === null ? '' : `; it also has a ${timeWords(time.outside)}`;
    const either = `${causes.slice(0, -1).join(', ')} or ${causes.at(-1)}`;
    return wrong('no_match', `the ${label} does not match the body under any ${under}: ${either}${also}`);
  }
}

/** What a signature is checked with. */
type SigningKey = 'configured secret' | 'configured public key' | 'key of the provider';

const OTHER_KEY: Readonly<Record<SigningKey, string>> = {
  'configured secret': 'it was made with a secret that is not configured here',
  'configured public key': 'it was made with a key that is not configured here',
  'key of the provider': 'somebody else made it',
};

const UNITS: Readonly<Record<TimestampUnit, string>> = {
  s: 'seconds since 1970',
  ms: 'milliseconds since 1970',
  iso: 'ISO 8601',
  httpdate: 'the form of an HTTP date',
  any: 'seconds or milliseconds since 1970, or in ISO 8601',
};

function requiredUrl(publicUrl: string | null): string {
  if (publicUrl !== null) return publicUrl;
  throw new HookbayError({
    code: 'no_public_url',
    status: 422,
    message: 'the provider signs the URL that it posts to, and publicUrl is not configured',
    hint: 'set publicUrl to what the provider was told, for example https://hooks.example.com',
  });
}

function signatureField(others: ReadonlyMap<string, string | null>, name: string): string | Wrong | null {
  const text = others.get(name);
  if (text === null)
    return wrong(
      'ambiguous',
      `there are several '${name}' in the signature with different values, and which one counts cannot be known`,
    );
  return text ?? null;
}

/** A signature that matches, made at a time that is not allowed. */
export function wrongTime(label: string, outside: NonNullable<SignedTime['outside']>): Wrong {
  const isOld = outside.ageMs > 0;
  const guess = isOld ? 'is a clock wrong, or was the request held back or sent again?' : 'is a clock wrong?';
  const reason = isOld ? 'too_old' : 'from_the_future';
  return wrong(reason, `the ${label} matches the body, but with a ${timeWords(outside)}: ${guess}`);
}

function timeWords({ ageMs, toleranceMs }: NonNullable<SignedTime['outside']>): string {
  const apart = Math.abs(ageMs);
  const seconds = Math.round(apart / 1000);
  const spoken = seconds < 120 ? '' : ` (${spokenDuration(apart)})`;
  const allowed = Math.round(toleranceMs / 1000);
  return `timestamp ${seconds} s in the ${ageMs > 0 ? 'past' : 'future'}${spoken}, ${allowed} s are allowed`;
}
