import { HookbayError } from '../domain/errors.ts';
import { type ProviderName, presetOf } from './presets.ts';
import type { AuthScheme, KeyScheme, ProviderPreset, SecretName, TimestampScheme } from './scheme.ts';
import type { SourceText } from './source.ts';
import { fillParams } from './template.ts';

/** Who sends to a route, ready to be verified or signed for: a preset or a scheme of the user's, with secrets and settings. */
export interface Sender {
  provider: ProviderName | 'custom';
  /** All of the provider's, also those that are not configured: their headers are never stored. */
  credentials: readonly SenderCredential[];
  /** Whether one right credential is enough, or all that are configured have to be there. */
  require: 'any' | 'all';
  params: SenderParams;
  /** Where senders reach us, without a trailing slash; for providers that sign it. */
  publicUrl: string | null;
  id: readonly KeyScheme[];
  type: readonly SourceText[];
}

export interface SenderCredential {
  scheme: AuthScheme;
  /** In the spelling of the configuration. Any of them matches; empty for one that is not configured, or needs none. */
  secrets: readonly string[];
}

/** Values of a preset's `params`; a list where several are allowed. */
export type SenderParams = Readonly<Record<string, string | readonly string[]>>;

type Secrets = string | readonly string[];

/** What is set beside a provider's name. Secrets: any matches. */
export type SenderSettings = Partial<Record<SecretName, Secrets>> & {
  params?: SenderParams;
  require?: 'any' | 'all';
  publicUrl?: string | null;
} & SchemeChanges;

/** Single fields of a preset that may be changed. */
export interface SchemeChanges {
  from?: SourceText;
  message?: string;
  timestamp?: SourceText;
  toleranceMs?: number;
}

const DEFAULT_TOLERANCE_MS = 300_000;

/** Builds a sender from a preset: `senderOf('stripe', { secret: 'whsec_…' })`. */
export function senderOf(provider: ProviderName, settings: SenderSettings): Sender {
  const { auth, id, type } = presetOf(provider);
  const { params = {}, require = 'any', publicUrl = null } = settings;
  const credentials = auth.map((scheme): SenderCredential => {
    const name = secretName(scheme);
    return { scheme: changedScheme(scheme, settings), secrets: asList(name === null ? undefined : settings[name]) };
  });
  return { provider, credentials, require, params, publicUrl, id, type };
}

/** Builds a sender from a scheme of the user's own. */
export function customSender(
  scheme: AuthScheme,
  given: { secrets: readonly string[]; id: readonly KeyScheme[]; type: readonly SourceText[] } & Pick<
    Sender,
    'params' | 'publicUrl'
  >,
): Sender {
  const { secrets, id, type, params, publicUrl } = given;
  return { provider: 'custom', credentials: [{ scheme, secrets }], require: 'any', params, publicUrl, id, type };
}

function asList(secrets: Secrets | undefined): readonly string[] {
  return (typeof secrets === 'string' ? [secrets] : (secrets ?? [])).filter((secret) => secret !== '');
}

function changedScheme(scheme: AuthScheme, { from, message, timestamp, toleranceMs }: SchemeChanges): AuthScheme {
  switch (scheme.kind) {
    case 'basic':
    case 'sns':
      return scheme;
    case 'token':
      return from === undefined ? scheme : { ...scheme, from };
    case 'hmac':
    case 'pubkey': {
      const time = changedTimestamp(scheme.timestamp, timestamp, toleranceMs);
      return {
        ...scheme,
        ...(from === undefined ? {} : { from }),
        ...(message === undefined ? {} : { message }),
        ...(time === undefined ? {} : { timestamp: time }),
      };
    }
    default:
      return scheme satisfies never;
  }
}

/** A provider that signs no time of its own is given one in any format. */
function changedTimestamp(
  scheme: TimestampScheme | undefined,
  from: SourceText | undefined,
  toleranceMs: number | undefined,
): TimestampScheme | undefined {
  if (scheme === undefined) {
    return from === undefined ? undefined : { from, unit: 'any', toleranceMs: toleranceMs ?? DEFAULT_TOLERANCE_MS };
  }
  return { ...scheme, from: from ?? scheme.from, toleranceMs: toleranceMs ?? scheme.toleranceMs };
}

/** Whether there is something to check this credential with. */
export function isConfigured({ scheme, secrets }: SenderCredential): boolean {
  return needsSecret(scheme) ? secrets.length > 0 : true;
}

/** Whether a credential is checked with something from the configuration; the others with keys that are fetched. */
export function needsSecret(scheme: AuthScheme): boolean {
  if (scheme.kind === 'sns') return false;
  return scheme.kind !== 'pubkey' || (scheme.key.encoding !== 'jwks' && scheme.key.encoding !== 'cert');
}

/** The configuration key that holds a scheme's secrets, or null. */
export function secretName(scheme: AuthScheme): SecretName | null {
  if (!needsSecret(scheme) || scheme.kind === 'sns') return null;
  return scheme.kind === 'pubkey' ? 'publicKey' : scheme.secret;
}

/** Whether a provider signs the address that it posts to, so that `publicUrl` has to be known. */
export function signsUrl(scheme: AuthScheme): boolean {
  return (scheme.kind === 'hmac' || scheme.kind === 'pubkey') && (scheme.message ?? '').includes('{url}');
}

/** The keys under `verify`, beside `provider`, that a preset knows. */
export function settingsOf({ auth, params = {} }: Pick<ProviderPreset, 'auth' | 'params'>): string[] {
  const [first, ...more] = auth;
  const single = more.length === 0;
  const signed = auth.filter((scheme) => scheme.kind === 'hmac' || scheme.kind === 'pubkey');
  return [
    ...new Set([
      ...auth.flatMap((scheme) => secretName(scheme) ?? []),
      ...Object.keys(params),
      ...(single ? [] : ['require']),
      ...(single && 'from' in first ? ['from', 'header'] : []),
      ...(signed.length > 0 ? ['message', 'timestamp', 'tolerance'] : []),
    ]),
  ];
}

/** A parameter's one text. @throws HookbayError `missing_param` */
export function paramText(params: SenderParams, name: string): string {
  const value = Object.hasOwn(params, name) ? params[name] : undefined;
  if (typeof value === 'string' && value !== '') return value;
  throw new HookbayError({
    code: 'missing_param',
    status: 422,
    message: `the parameter ${name} is missing`,
    hint: `set ${name}`,
  });
}

/** The parameters that are one text each. */
export function textParams(params: SenderParams): Record<string, string> {
  return Object.fromEntries(Object.entries(params).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

/** A source with its parameters filled in. @throws HookbayError `bad_template` for one that is missing */
export function filledSource(from: SourceText, params: SenderParams): string {
  return from.includes('{param:') ? fillParams(from, textParams(params)) : from;
}
