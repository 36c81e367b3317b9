import type { AuthScheme, KeyScheme } from '../providers/scheme.ts';
import { type Sender, secretName } from '../providers/sender.ts';
import { hidden } from './shown-secret.ts';
import type { VerifyConfig } from './types.ts';
import { formatDuration } from './units.ts';

/** Who may send to a route, in the shape of the file, with secrets replaced by a mark. */
export function verifyShown(verify: VerifyConfig): object | string {
  if (verify.provider === 'none') return 'none';
  if (verify.provider === 'custom') return { custom: customShown(verify) };
  const { provider, credentials, params, require } = verify;
  const [first] = credentials;
  return {
    provider,
    ...secretsShown(verify),
    ...params,
    ...(credentials.length > 1 ? { require } : {}),
    ...(credentials.length === 1 && first !== undefined && 'from' in first.scheme && !first.scheme.from.includes('{param:')
      ? { from: first.scheme.from }
      : {}),
    ...changesShown(verify),
  };
}

function secretsShown({ credentials }: Sender): object {
  const named = credentials.flatMap(({ scheme, secrets }): [string, unknown][] => {
    const name = secretName(scheme);
    return name === null ? [] : [[name, hidden(secrets)]];
  });
  return Object.fromEntries(named);
}

/** KnowledgeSDK has names of its own for what the HMAC is made of. */
function changesShown({ provider, credentials }: Sender): object {
  const signed = credentials.map(({ scheme }) => scheme).find(({ kind }) => kind === 'hmac' || kind === 'pubkey');
  if (signed?.kind !== 'hmac' && signed?.kind !== 'pubkey') return {};
  const { message = '{body}', timestamp } = signed;
  const time = timestamp?.from ?? null;
  const tolerance = timestamp === undefined ? null : formatDuration(timestamp.toleranceMs);
  if (provider === 'knowledgesdk') return { hmacTemplate: message, hmacTimestamp: time, tolerance };
  return { message, timestamp: time, tolerance };
}

function customShown(sender: Sender): object {
  const [credential] = sender.credentials;
  if (credential === undefined) return {};
  const { scheme } = credential;
  return {
    ...schemeShown(scheme),
    ...sender.params,
    ...secretsShown(sender),
    id: sender.id.map(keyShown),
    type: sender.type,
  };
}

function keyShown(key: KeyScheme): string {
  return typeof key === 'string' ? key : key.template;
}

function schemeShown(scheme: AuthScheme): object {
  if (scheme.kind === 'basic' || scheme.kind === 'sns') return { kind: scheme.kind };
  if (scheme.kind === 'token') return { kind: 'token', from: scheme.from, each: scheme.each ?? null };
  const { kind, from, also, each, parse, message, encoding, timestamp, algorithm, key } = scheme;
  const time =
    timestamp === undefined
      ? null
      : { from: timestamp.from, unit: timestamp.unit, tolerance: formatDuration(timestamp.toleranceMs) };
  return {
    ...{
      kind,
      from,
      also: also ?? null,
      each: each ?? null,
      parse: parse ?? null,
      message,
      encoding,
      timestamp: time,
      algorithm,
    },
    key: kind === 'pubkey' ? key?.encoding : (key ?? null),
  };
}
