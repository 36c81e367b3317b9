import { createHmac } from 'node:crypto';
import type { OutgoingRequest } from '../../../src/providers/draft.ts';
import type { SecretName } from '../../../src/providers/scheme.ts';
import type { SenderParams } from '../../../src/providers/sender.ts';
import type { CredentialCase, Which } from './credential-case.ts';

export const PUBLIC_URL = 'https://hooks.example.com';

export type Secrets = Readonly<Record<Which, string>>;
const PLAIN: Secrets = { first: 'a first secret', second: 'another secret', stranger: 'a first secreT' };

/** What is put into a request to prove who sends it. */
export type Proof = Partial<Pick<OutgoingRequest, 'headers' | 'query' | 'body'>>;

interface SharedSecret extends Pick<CredentialCase, 'place' | 'toleranceMs'> {
  /** The key of the configuration. */
  setting?: SecretName;
  secrets?: Secrets;
  params?: SenderParams;
  prove: (request: OutgoingRequest, secret: string, now: number) => Proof;
  needs?: readonly string[];
  covers?: CredentialCase['covers'];
  merge?: CredentialCase['merge'];
}

const ONE = { because: 'a request has one signature; while a secret is being changed, each that is configured is tried' };

export function sharedSecret(given: SharedSecret): CredentialCase {
  const { setting = 'secret', secrets = PLAIN, params = {}, place, needs = [], toleranceMs, prove } = given;
  return {
    place,
    needs,
    toleranceMs,
    covers: given.covers ?? 'every byte',
    merge: given.merge ?? ONE,
    configure: (which) => ({ settings: { [setting]: which.map((each) => secrets[each]), params, publicUrl: PUBLIC_URL } }),
    sign: (request, which, now) => withProof(request, prove(request, secrets[which], now)),
  };
}

export function withProof(request: OutgoingRequest, { headers, ...changes }: Proof): OutgoingRequest {
  return { ...request, ...changes, headers: { ...request.headers, ...headers } };
}

export function mac(algorithm: string, key: string | Buffer, ...message: (string | Buffer)[]): Buffer {
  const hmac = createHmac(algorithm, key);
  for (const part of message) hmac.update(part);
  return hmac.digest();
}

/** HMAC-SHA-256 in hex. */
export function hex(key: string | Buffer, ...message: (string | Buffer)[]): string {
  return mac('sha256', key, ...message).toString('hex');
}

/** HMAC-SHA-256 in base64. */
export function base64(key: string | Buffer, ...message: (string | Buffer)[]): string {
  return mac('sha256', key, ...message).toString('base64');
}

export const seconds = (now: number): string => String(now / 1000);
export const MINUTE_MS = 60_000;

/** The second signature after the first, in one header. */
export function joined(name: string, separator: string, strip = /^/): CredentialCase['merge'] {
  return (first, second) =>
    withProof(first, {
      headers: { [name]: `${first.headers[name]}${separator}${(second.headers[name] ?? '').replace(strip, '')}` },
    });
}

/** The second signature in a header of its own. */
export function inHeader(name: string, other: string): CredentialCase['merge'] {
  return (first, second) => withProof(first, { headers: { [other]: second.headers[name] ?? '' } });
}
