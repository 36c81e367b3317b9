import type { AuthScheme, HmacScheme, PublicKey, PublicKeyScheme, SharedKey, TimestampScheme, TimestampUnit } from '../scheme.ts';
import { writeSignature } from '../signature.ts';
import { parseSource, type Source, type SourceText, sourceLabel } from '../source.ts';
import { parseTemplate } from '../template.ts';
import { listed, spokenDuration } from './text.ts';

/** One way in which a provider proves who it is, in words. What does not apply is null. */
export interface CredentialWords {
  kind: AuthScheme['kind'];
  /** Where it stands, for example `stripe-signature header`. */
  where: string;
  /** What stands there, for example `t=<time>,v1=<hex>`. */
  form: string | null;
  /** The template of what is signed. */
  message: string | null;
  algorithm: string | null;
  /** How the configured secret becomes the key, or where a key is fetched. */
  key: string | null;
  /** Where the signed time stands, how it is written and how far it may be from now. */
  time: string | null;
}

type SignedScheme = HmacScheme | PublicKeyScheme;

export function credentialWords(scheme: AuthScheme): CredentialWords {
  const none = { form: null, message: null, algorithm: null, key: null, time: null };
  switch (scheme.kind) {
    case 'token':
      return { ...none, kind: 'token', where: placeWords(scheme.from), form: '<token>' };
    case 'basic':
      return { ...none, kind: 'basic', where: 'authorization header', form: 'Basic <base64 of user:password>' };
    case 'sns':
      return {
        ...{ kind: 'sns', where: "'Signature' in the body", form: '<base64>', time: null },
        message: "the body's fields, as Amazon writes them one after the other",
        algorithm: 'RSA with SHA-256, or with SHA-1 where SignatureVersion is 1',
        key: 'the certificate that SigningCertURL names, fetched from Amazon only and kept',
      };
    case 'hmac':
    case 'pubkey':
      return signedWords(scheme);
    default:
      return scheme satisfies never;
  }
}

function signedWords(scheme: SignedScheme): CredentialWords {
  const { from, also = [], each, timestamp, message = '{body}' } = scheme;
  const places = [from, ...also].map(placeWords).join(' or ');
  return {
    kind: scheme.kind,
    where: each === undefined ? places : `${places}, in every item of the list`,
    form: formWords(scheme),
    message: message.replaceAll('\n', '\\n'),
    algorithm: `${algorithmWords(scheme)}, ${scheme.encoding ?? 'hex'}`,
    key: scheme.kind === 'hmac' ? sharedKeyWords(scheme.key) : publicKeyWords(scheme.key),
    time: timestamp === undefined ? null : timeWords(timestamp),
  };
}

/** A place in a request; `*` at its end, or a name that is chosen by a parameter, in words. */
export function placeWords(from: SourceText): string {
  const param = /^header:\{param:(.+)\}$/.exec(from)?.[1];
  if (param !== undefined) return `the header that \`${param}\` names`;
  return from.startsWith('header:') && from.endsWith('*')
    ? `${from.slice('header:'.length)} headers`
    : sourceLabel(parseSource(from));
}

function formWords({ parse, encoding = 'hex', timestamp }: SignedScheme): string {
  const inSignature = timestamp?.from.startsWith('sig:') ? timestamp.from.slice('sig:'.length) : null;
  const anyKey =
    parse === undefined ? undefined : { ...parse, key: typeof parse.key === 'string' ? parse.key : parse.key.join('|') };
  const field = writeSignature(`<${encoding}>`, anyKey, inSignature === null ? [] : [[inSignature, '<time>']]);
  return parse?.item === undefined ? field : `${field}; any of several is enough`;
}

const HASHES = { sha1: 'SHA-1', sha256: 'SHA-256', sha384: 'SHA-384', sha512: 'SHA-512' } as const;
const PUBLIC_ALGORITHMS = {
  ed25519: 'Ed25519',
  'ecdsa-p256': 'ECDSA P-256 with SHA-256',
  'rsa-sha256': 'RSA with SHA-256',
} as const;

export function algorithmWords(scheme: SignedScheme): string {
  if (scheme.kind === 'pubkey') return PUBLIC_ALGORITHMS[scheme.algorithm];
  const { algorithm = 'sha256' } = scheme;
  return algorithm === 'named' ? 'HMAC (hash named by the signature)' : `HMAC-${HASHES[algorithm]}`;
}

function sharedKeyWords({ encoding, strip }: SharedKey = { encoding: 'utf8' }): string {
  if (encoding === 'utf8') return "the secret's text, as it stands";
  return strip === undefined
    ? `the secret, decoded from ${encoding}`
    : `what follows ${strip} in the secret, decoded from ${encoding}`;
}

function publicKeyWords(key: PublicKey): string {
  switch (key.encoding) {
    case 'raw-hex':
      return '`publicKey`, its 32 bytes in hex';
    case 'raw-base64':
      return `\`publicKey\`, its 32 bytes in base64${key.strip === undefined ? '' : `, with or without ${key.strip}`}`;
    case 'spki-b64':
      return '`publicKey`, DER in base64';
    case 'pem':
      return '`publicKey`, PEM';
    case 'jwks':
      return `fetched from ${key.url} and kept`;
    case 'cert':
      return `the certificate that the ${placeWords(key.from)} names, fetched from ${key.hosts.join(' or ')} and kept`;
    default:
      return key satisfies never;
  }
}

const UNITS: Readonly<Record<TimestampUnit, string>> = {
  s: 'seconds since 1970',
  ms: 'milliseconds since 1970',
  iso: 'ISO 8601',
  httpdate: 'an HTTP date',
  any: 'seconds or milliseconds since 1970, or ISO 8601',
};

function timeWords({ from, unit, toleranceMs }: TimestampScheme): string {
  return `${placeWords(from)}, ${UNITS[unit]}; at most ${spokenDuration(toleranceMs)} from now, either way`;
}

const TOKEN_PLACES: Readonly<Record<Source['in'], string>> = {
  header: 'a header',
  body: 'the body',
  query: 'the query',
  form: 'the form',
  sig: 'the signature',
  bearer: 'the authorization header',
};

/** In one short line how a credential is checked. */
export function schemeSummary(scheme: AuthScheme): string {
  switch (scheme.kind) {
    case 'token':
      return `token in ${TOKEN_PLACES[parseSource(scheme.from).in]}`;
    case 'basic':
      return 'user and password';
    case 'sns':
      return "Amazon's certificate";
    case 'hmac':
    case 'pubkey':
      return `${algorithmWords(scheme)} over ${coveredWords(scheme.message ?? '{body}')}`;
    default:
      return scheme satisfies never;
  }
}

const PARTS: Readonly<Record<string, string>> = {
  timestamp: 'time',
  body: 'body',
  method: 'method',
  url: 'URL',
  form: 'form',
  sha256hex: 'hash of the body',
  crc32: 'checksum of the body',
};

/** What a message covers, in the order of its template. */
function coveredWords(message: string): string {
  const names = parseTemplate(message, () => true).flatMap((part) => (part.kind === 'text' ? [] : [part.name]));
  return listed([...new Set(names.map(partWords))]);
}

function partWords(name: string): string {
  if (Object.hasOwn(PARTS, name)) return PARTS[name] ?? name;
  if (name.startsWith('header:')) return 'id';
  return name.startsWith('param:') ? 'webhook id' : 'fields of the body';
}
