import type { SourceText } from './source.ts';

/** The schema of verification: what a provider does, as data. Presets and `verify: custom` are both written in it. */

export type HashAlgorithm = 'sha1' | 'sha256' | 'sha384' | 'sha512';

/** How a signature is written; `base64url` is without padding (RFC 4648 section 5). */
export type SignatureEncoding = 'hex' | 'base64' | 'base64url';

/** `s`, `ms`, ISO 8601 or an HTTP date; `any` tells the first three apart by their looks. */
export type TimestampUnit = 's' | 'ms' | 'iso' | 'httpdate' | 'any';

/** Where the signed time stands, and how far it may be from now in either direction. */
export interface TimestampScheme {
  from: SourceText;
  unit: TimestampUnit;
  toleranceMs: number;
}

/**
 * How a signature field is taken apart: split at `item` where it holds several, each of them at the first `kv` into a key and a
 * value. Values under `key` are signatures, and any of them is enough; the others are there for `sig:` sources.
 */
export interface SignatureParse {
  item?: string;
  kv: string;
  /** In a list, several names are signatures. */
  key: string | readonly string[];
}

/** How a configured secret becomes the bytes of a key. */
export interface SharedKey {
  encoding: 'utf8' | 'base64' | 'hex';
  /** A prefix that secrets of this provider begin with and that is no part of the key; one without it is taken as well. */
  strip?: string;
}

/** Where a public key comes from: the configuration, or an address of the provider that has to be asked. */
export type PublicKey =
  /** The 32 raw bytes of an Ed25519 key. */
  | { encoding: 'raw-hex' | 'raw-base64'; strip?: string }
  /** SubjectPublicKeyInfo (RFC 5280), DER in base64 or PEM. */
  | { encoding: 'spki-b64' | 'pem' }
  /** A JSON Web Key Set (RFC 7517) at a fixed address. */
  | { encoding: 'jwks'; url: string; hosts: readonly string[] }
  /** An X.509 certificate whose address the request names; only these hosts and paths are asked. */
  | { encoding: 'cert'; from: SourceText; hosts: readonly string[]; path: string };

/** The configuration keys that hold what a credential is checked with. */
export type SecretName = 'secret' | 'token' | 'hmac' | 'publicKey' | 'password';

interface Repeated {
  /** A list in the body whose items are all checked; `*` in a body path stands for the item. An empty list is refused. */
  each?: `body:${string}`;
}

/** A shared secret that the provider sends along as it is. */
export interface TokenScheme extends Repeated {
  kind: 'token';
  secret: SecretName;
  /** Header names may hold `{param:name}`. */
  from: SourceText;
}

/** User and password (RFC 7617); the user's name is the parameter `username`. */
export interface BasicScheme {
  kind: 'basic';
  secret: SecretName;
}

/** Spellings of the URL beside the configured one that a provider may have signed. */
export type UrlSpelling = 'with-and-without-port' | 'some-escapes-decoded';

interface SignedScheme extends Repeated {
  /** A header name may end in `*`: then every header that begins so holds signatures. */
  from: SourceText;
  /** More places that may hold a signature. */
  also?: readonly SourceText[];
  parse?: SignatureParse;
  /**
   * Template of the signed message, `{body}` where it is left out. Placeholders: `{timestamp}`, `{body}`, `{method}`, `{url}`,
   * `{form}` (sorted by name, names and values joined), `{sha256hex}` and `{crc32}` of the body, `{param:name}`, and any source,
   * for example `{header:x-id}` or `{body:data.id}`. A source that ends in `?` may be missing.
   */
  message?: string;
  /** Hex where it is left out. */
  encoding?: SignatureEncoding;
  /** It is only checked when the signature covers it; anything else would prove nothing. */
  timestamp?: TimestampScheme;
  url?: UrlSpelling;
}

/** A keyed hash over a message. */
export interface HmacScheme extends SignedScheme {
  kind: 'hmac';
  secret: SecretName;
  /** SHA-256 where it is left out; `named`: the key of the signature names it, as in `sha256=…`. */
  algorithm?: HashAlgorithm | 'named';
  /** The secret's own text where it is left out. */
  key?: SharedKey;
}

/** A signature that only the provider can make. */
export interface PublicKeyScheme extends SignedScheme {
  kind: 'pubkey';
  algorithm: 'ed25519' | 'ecdsa-p256' | 'rsa-sha256';
  key: PublicKey;
}

/** Amazon SNS: a canonical text of the body's fields, signed with a certificate that the body names. */
export interface SnsScheme {
  kind: 'sns';
  /** The hosts that are asked for certificates, as a regular expression. */
  host: string;
}

export type AuthScheme = TokenScheme | BasicScheme | HmacScheme | PublicKeyScheme | SnsScheme;

/**
 * One way to name an event for its duplicates: a source, a template of sources that must all be there, or the hash of the whole
 * body. A rule with `unless` is not for requests that have that.
 */
export type KeyScheme = SourceText | 'hash' | { template: string; unless?: SourceText };

/** A setting that a preset needs besides its secrets. */
export interface ParamScheme {
  description: string;
  required: boolean;
  /** What stands in examples. */
  example: string;
}

/** What a test event is made of. */
export interface Sample {
  /** JSON where it is left out. */
  contentType?: string;
  /** A fresh body: an object is written as JSON, or as a form where the content type says so. */
  body: (fresh: Fresh) => object;
  headers?: (fresh: Fresh) => Record<string, string>;
  /** Path in the body where a payload of the user's goes; without it, its members go to the top. */
  payloadAt?: string;
}

/** What is new in every test event. */
export interface Fresh {
  now: Date;
  /** A UUID. */
  id: string;
}

/** What a provider wants of answers, beyond a 2xx. */
export interface ReplyHints {
  /** Status of a good answer. */
  ok?: number;
  /** The body has to be empty. */
  emptyBody?: boolean;
  /** A status that must never be answered, because the provider stops for good. */
  never?: number;
}

/**
 * How well a preset is known. `vendor`: the vendor's code was run or a vector of theirs recomputed. `documented`: the vendor's
 * documents were read. `catalogue`: other people's lists only, or experience.
 */
export type KnownBy = 'vendor' | 'documented' | 'catalogue';

/** Everything that is particular to a provider. */
export interface ProviderPreset {
  label: string;
  knownBy: KnownBy;
  /** How it is set up and what to know, in one to three sentences. */
  note: string;
  /** Mostly one. Of several, those count that are configured (`require`). */
  auth: readonly [AuthScheme, ...AuthScheme[]];
  params?: Readonly<Record<string, ParamScheme>>;
  /** The first that yields a key counts; empty for a provider whose events have none. */
  id: readonly KeyScheme[];
  /** The first that yields a text counts; empty for a provider whose events name no type. */
  type: readonly SourceText[];
  reply?: ReplyHints;
  sample: Sample;
}
