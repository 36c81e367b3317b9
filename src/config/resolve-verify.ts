import type { AuthScheme, KeyScheme } from '../providers/scheme.ts';
import { customSender, type Sender, type SenderSettings, senderOf } from '../providers/sender.ts';
import type { SourceText } from '../providers/source.ts';
import type { VerifyConfig } from './types.ts';
import type { FileCustom, FileVerify } from './verify-schema.ts';

/** Who may send to a route. @param publicUrl for providers that sign it */
export function resolveVerify(verify: FileVerify, publicUrl: string | null): VerifyConfig {
  if (verify === 'none') return { provider: 'none' };
  if (verify.custom !== undefined) return resolveCustom(verify.custom, publicUrl);
  // A file without a provider has a fault of its own.
  return senderOf(verify.provider ?? 'knowledgesdk', { ...settingsIn(verify), publicUrl });
}

function settingsIn(verify: Exclude<FileVerify, 'none'>): SenderSettings {
  const { header, webhookId, topicArn, username, provider } = verify;
  // Where the header is the provider's to choose, it is a parameter; elsewhere it is short for `from`.
  const isParam = provider === 'assemblyai';
  const from = verify.from ?? (header === undefined || isParam ? undefined : (`header:${header}` as const));
  const message = verify.hmacTemplate ?? verify.message;
  const timestamp = (verify.hmacTimestamp as SourceText | undefined) ?? verify.timestamp;
  return {
    secret: verify.secret ?? [],
    token: verify.token ?? [],
    hmac: verify.hmac ?? [],
    publicKey: verify.publicKey ?? [],
    password: verify.password ?? [],
    require: verify.require ?? 'any',
    params: defined({ header: isParam ? header : undefined, webhookId, topicArn, username }),
    ...defined({ from, message, timestamp, toleranceMs: verify.tolerance }),
  };
}

/** Without the members that are undefined. */
function defined<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

function resolveCustom(custom: FileCustom, publicUrl: string | null): Sender {
  const id = custom.id.map((rule): KeyScheme => (rule.includes('{') ? { template: rule } : (rule as SourceText | 'hash')));
  const given = { id, type: custom.type, publicUrl };
  switch (custom.kind) {
    case 'basic':
      return customSender(
        { kind: 'basic', secret: 'password' },
        { ...given, secrets: custom.password ?? [], params: { username: custom.username } },
      );
    case 'token': {
      const scheme: AuthScheme = { kind: 'token', secret: 'secret', from: custom.from, ...eachOf(custom.each) };
      return customSender(scheme, { ...given, secrets: custom.secret ?? [], params: {} });
    }
    case 'hmac': {
      const { encoding, strip } = custom.key;
      const key = { encoding, ...(strip === undefined ? {} : { strip }) };
      const scheme: AuthScheme = { kind: 'hmac', secret: 'secret', algorithm: custom.algorithm, key, ...signedPart(custom) };
      return customSender(scheme, { ...given, secrets: custom.secret ?? [], params: {} });
    }
    case 'pubkey': {
      const scheme: AuthScheme = {
        kind: 'pubkey',
        algorithm: custom.algorithm,
        key: { encoding: custom.key },
        ...signedPart(custom),
      };
      return customSender(scheme, { ...given, secrets: custom.publicKey ?? [], params: {} });
    }
    default:
      return custom satisfies never;
  }
}

function eachOf(each: string | undefined): { each?: `body:${string}` } {
  return each === undefined ? {} : { each: each as `body:${string}` };
}

function signedPart(custom: Extract<FileCustom, { kind: 'hmac' | 'pubkey' }>) {
  const { from, also, each, parse, message, encoding, timestamp } = custom;
  return {
    from,
    message,
    encoding,
    ...eachOf(each),
    ...(also === undefined ? {} : { also }),
    ...(parse === undefined
      ? {}
      : { parse: { kv: parse.kv, key: parse.key, ...(parse.item === undefined ? {} : { item: parse.item }) } }),
    ...(timestamp === undefined
      ? {}
      : { timestamp: { from: timestamp.from, unit: timestamp.unit, toleranceMs: timestamp.tolerance } }),
  };
}
