import type { OutgoingRequest } from '../providers/draft.ts';
import { type ProviderName, presetOf } from '../providers/presets.ts';
import { sampleRequest } from '../providers/sample.ts';
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
  /** What the receiver takes for its public address, where that is another one. */
  publicUrl?: string;
  /** Event type in place of the sample's. */
  event?: string;
  /** In place of the sample's; undefined for that one. */
  payload?: unknown;
  /** The whole body, byte for byte; null for the sample with type and payload as above. */
  body: Buffer | null;
}

/** A test event with a fresh dedup key, signed as its provider signs. @param now wall time, ms */
export function testRequest(options: TestRequestOptions, now: number): OutgoingRequest {
  const { event: type, payload, url } = options;
  const sender = senderFor(options);
  const sample = sampleRequest(sender, now, {
    ...(type === undefined ? {} : { type }),
    ...(payload === undefined ? {} : { payload }),
  });
  const request = {
    ...sample,
    body: options.body ?? sample.body,
    path: url?.pathname ?? sample.path,
    query: url?.search.slice(1) ?? sample.query,
  };
  return signRequest(sender, request, now);
}

function senderFor({ provider: name, secret, hmac, param = [], url, publicUrl }: TestRequestOptions): Sender {
  const provider = providerNamed(name);
  const preset = presetOf(provider);
  if (!isSignable(preset) && secret !== undefined) {
    throw wrongUse(
      `${preset.label} signs with a private key that only the provider has: no secret can sign for it.`,
      'Without --secret it is sent unsigned.',
    );
  }
  const given = {
    ...(secret === undefined ? {} : { [secretFor(provider)]: secret }),
    ...(hmac === undefined ? {} : { hmac }),
  };
  return withoutFetched(senderOf(provider, { ...given, params: paramsOf(param), publicUrl: publicUrl ?? url?.origin ?? null }));
}

/** Nothing can be signed for credentials that are made with a private key; then the event goes out without them. */
function withoutFetched(sender: Sender): Sender {
  return { ...sender, credentials: sender.credentials.filter(({ scheme }) => scheme.kind !== 'sns' && scheme.kind !== 'pubkey') };
}

/** The first of its credentials that is one shared text: a token before anything else. */
function secretFor(provider: ProviderName): 'token' | 'secret' {
  const names = presetOf(provider).auth.map((scheme) => secretName(scheme));
  return names.includes('token') ? 'token' : 'secret';
}

function paramsOf(written: readonly string[]): Record<string, string> {
  const pairs = written.map((pair): [string, string] => {
    const at = pair.indexOf('=');
    if (at < 1) throw wrongUse(`--param needs name=value; this is not one: ${pair}`, 'For example --param header=x-my-token.');
    return [pair.slice(0, at), pair.slice(at + 1)];
  });
  return Object.fromEntries(pairs);
}
