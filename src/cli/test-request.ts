import { HookbayError } from '../domain/errors.ts';
import type { OutgoingRequest } from '../providers/draft.ts';
import { type ProviderName, presetOf } from '../providers/presets.ts';
import { sampleRequest } from '../providers/sample.ts';
import type { SecretName } from '../providers/scheme.ts';
import { type Sender, secretName, senderOf } from '../providers/sender.ts';
import { isSignable, signRequest } from '../providers/sign.ts';
import { wrongUse } from './command-error.ts';
import { providerNamed } from './provider-name.ts';

/** What to send, and with which credentials. */
export interface TestRequestOptions {
  provider: string;
  /** The token or secret that the provider proves itself with. */
  secret?: string;
  /** KnowledgeSDK: the secret of posts to a callbackUrl. */
  hmac?: string;
  /** Parameters of the preset, each as `name=value`. */
  param?: readonly string[];
  /** Where it is sent: path and query are taken from it, and what a provider signs of it. */
  url?: URL;
  /** What the receiver takes for its public address, where that is another one. Its path counts when it has one. */
  publicUrl?: URL;
  /** Event type in place of the sample's. */
  event?: string;
  /** In place of the sample's; undefined for that one. */
  payload?: unknown;
  /** The whole body, byte for byte; null for the sample with type and payload as above. */
  body: Buffer | null;
}

/**
 * A test event with a fresh dedup key, signed as its provider signs; unsigned without a secret.
 * @param now wall time, ms
 * @throws CommandError for a provider that nobody else can sign for, and for a secret or parameter that is none of its
 */
export function testRequest(options: TestRequestOptions, now: number): OutgoingRequest {
  const { event: type, payload, url, publicUrl } = options;
  const provider = providerNamed(options.provider);
  const sender = senderFor(provider, options);
  const changes = { ...(type === undefined ? {} : { type }), ...(payload === undefined ? {} : { payload }) };
  try {
    const sample = sampleRequest(sender, now, changes);
    const request = {
      ...sample,
      body: options.body ?? sample.body,
      path: publicUrl !== undefined && publicUrl.pathname !== '/' ? publicUrl.pathname : (url?.pathname ?? sample.path),
      query: url?.search.slice(1) ?? sample.query,
    };
    return signRequest(sender, request, now);
  } catch (error) {
    if (error instanceof HookbayError) throw wrongUse(`${presetOf(provider).label}: ${error.message}.`, error.hint);
    throw error;
  }
}

function senderFor(provider: ProviderName, { secret, hmac, param = [], url, publicUrl }: TestRequestOptions): Sender {
  const preset = presetOf(provider);
  if (!isSignable(preset)) {
    throw wrongUse(
      `${preset.label} signs with a private key that only ${preset.label} has: nobody else can sign for it.`,
      `Have ${preset.label} send a test event.`,
    );
  }
  const params = paramsOf(provider, param);
  const given = {
    ...(secret === undefined ? {} : { [secretFor(provider, params)]: secret }),
    ...(hmac === undefined ? {} : { hmac }),
  };
  return senderOf(provider, { ...given, params, publicUrl: (publicUrl ?? url)?.origin ?? null });
}

/** Of several credentials a token comes first; a password is meant where its user is named. */
function secretFor(provider: ProviderName, params: Record<string, string>): SecretName {
  const names = presetOf(provider).auth.flatMap((scheme) => secretName(scheme) ?? []);
  if (names.includes('password') && params.username !== undefined) return 'password';
  return names.find((name) => name === 'token') ?? names[0] ?? 'secret';
}

function paramsOf(provider: ProviderName, written: readonly string[]): Record<string, string> {
  const known = presetOf(provider).params ?? {};
  const pairs = written.map((pair): [string, string] => {
    const at = pair.indexOf('=');
    if (at < 1) throw wrongUse(`--param needs name=value; this is not one: ${pair}`, 'For example --param header=x-my-token.');
    return [pair.slice(0, at), pair.slice(at + 1)];
  });
  const names = Object.keys(known).join(', ') || 'none';
  for (const [name] of pairs) {
    if (!Object.hasOwn(known, name)) throw wrongUse(`${provider} has no parameter "${name}".`, `Its parameters: ${names}.`);
  }
  const params = Object.fromEntries(pairs);
  for (const [name, { required, description, example }] of Object.entries(known)) {
    if (!required || params[name] !== undefined) continue;
    throw wrongUse(`${provider} needs --param ${name}=…: ${description}`, `For example --param ${name}=${example}.`);
  }
  return params;
}
