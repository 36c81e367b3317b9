import { PRESETS, type ProviderName } from '../providers/presets.ts';
import { sampleEvent, signRequest } from '../providers/sign.ts';
import { wrongUse } from './command-error.ts';

/** What to send, and with which credentials. */
export interface TestRequestOptions {
  provider: string;
  secret?: string;
  hmac?: string;
  /** Event type in place of the sample's. */
  event?: string;
  /** In place of the sample's; undefined for that one. */
  payload?: unknown;
  /** The whole body, byte for byte; null for the sample with type and payload as above. */
  body: Buffer | null;
}

/** A test event with a fresh dedup key, signed as its provider signs. @param now wall time, ms */
export function testRequest(options: TestRequestOptions, now: number): { headers: Record<string, string>; body: Buffer } {
  const provider = providerNamed(options.provider);
  const sample = sampleEvent(provider, now);
  const body = options.body ?? changed(sample.body, options);
  const credentials = {
    ...(options.secret === undefined ? {} : { tokens: [options.secret] }),
    ...(options.hmac === undefined ? {} : { hmacSecrets: [options.hmac] }),
  };
  return { headers: { ...sample.headers, ...signRequest(provider, credentials, body, now) }, body };
}

function providerNamed(name: string): ProviderName {
  const names = Object.keys(PRESETS) as ProviderName[];
  const provider = names.find((candidate) => candidate === name);
  if (provider === undefined) throw wrongUse(`There is no provider preset "${name}".`, `There are: ${names.join(', ')}.`);
  return provider;
}

function changed(sample: Buffer, { event, payload }: TestRequestOptions): Buffer {
  if (event === undefined && payload === undefined) return sample;
  const body = JSON.parse(sample.toString()) as object;
  return Buffer.from(
    JSON.stringify({ ...body, ...(event === undefined ? {} : { event }), ...(payload === undefined ? {} : { payload }) }),
  );
}
