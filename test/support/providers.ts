import type { HeaderList } from '../../src/domain/event.ts';
import type { KeySource } from '../../src/ingest/key-source.ts';
import { type Verdict, verificationRule, verify } from '../../src/ingest/verify.ts';
import type { OutgoingRequest } from '../../src/providers/draft.ts';
import type { ProviderName } from '../../src/providers/presets.ts';
import type { Sender, SenderSettings } from '../../src/providers/sender.ts';
import { senderOf } from '../../src/providers/sender.ts';
import { received } from './ingest.ts';

/** A request as a provider sends it; what is left out is empty. */
export interface ProviderRequest {
  headers: Readonly<Record<string, string>> | HeaderList;
  body: Buffer | string;
  method?: string;
  path?: string;
  query?: string;
  /** Wall time, ms. */
  at?: number;
}

/** What the engine says to a request of a sender. */
export function verdictOn(sender: Sender, request: ProviderRequest, keys?: KeySource): Verdict {
  const { headers, body, method = 'POST', path = '/hook', query = '', at = Date.now() } = request;
  const list: HeaderList = Array.isArray(headers) ? headers : Object.entries(headers);
  const contentType = list.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? null;
  return verify(received(list, body, { method, path, query, contentType, receivedAt: at }), verificationRule(sender, keys));
}

/** `verified`, `key_needed`, or why a request is refused. */
export function judge(sender: Sender, request: ProviderRequest, keys?: KeySource): string {
  const verdict = verdictOn(sender, request, keys);
  return verdict.kind === 'refused' ? verdict.explanation : verdict.kind;
}

/** What was made to be sent, as it arrives. */
export function arrived(request: OutgoingRequest, at: number): ProviderRequest {
  return { ...request, headers: Object.entries(request.headers), at };
}

/** Secrets and settings with which any preset that has a shared secret can be tried. */
export function trialSender(provider: ProviderName, secret = 'a-secret-for-tests', more: SenderSettings = {}): Sender {
  const written = { adyen: hex(secret), std: base64(secret), 'gitlab-signed': base64(secret) } as Record<string, string>;
  for (const name of ['svix', 'clerk', 'resend', 'openai', 'replicate']) written[name] = base64(secret);
  const text = written[provider] ?? secret;
  return senderOf(provider, {
    secret: text,
    token: text,
    hmac: text,
    password: text,
    publicUrl: 'https://hooks.example.com',
    params: { header: 'x-my-token', username: 'user', webhookId: 'WH-1' },
    ...more,
  });
}

const hex = (text: string): string => Buffer.from(text).toString('hex');
const base64 = (text: string): string => `whsec_${Buffer.from(text).toString('base64')}`;
