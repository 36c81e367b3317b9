import { randomUUID } from 'node:crypto';
import { type OutgoingRequest, place, setPath } from './draft.ts';
import { isForm } from './form.ts';
import { type ProviderName, presetOf } from './presets.ts';
import type { Fresh, Sample } from './scheme.ts';
import type { Sender } from './sender.ts';
import { parseSource } from './source.ts';

/** What a test event says in place of the sample's own. */
export interface SampleChanges {
  /** Event type, put where the provider has it. */
  type?: string;
  payload?: unknown;
}

/** Who a test event is from: for `custom`, the places of id and type are those of the scheme. */
export type SampleSender = Pick<Sender, 'provider' | 'id' | 'type'>;

/**
 * A test event as its provider sends it, under a key that no other event has. Sign it with {@link signRequest}.
 * @param now wall time, ms
 */
export function sampleRequest(sender: SampleSender, now: number, { type, payload }: SampleChanges = {}): OutgoingRequest {
  const fresh: Fresh = { now: new Date(now), id: randomUUID() };
  const sample = sender.provider === 'custom' ? CUSTOM : sampleOf(sender.provider);
  const contentType = sample.contentType ?? 'application/json';
  const body = payload === undefined ? sample.body(fresh) : withPayload(sample, fresh, payload);
  const request: OutgoingRequest = {
    method: 'POST',
    path: '/',
    query: '',
    headers: { 'content-type': contentType, ...sample.headers?.(fresh) },
    body: Buffer.from(isForm(contentType) ? new URLSearchParams(Object.entries(body)).toString() : JSON.stringify(body)),
  };
  if (sender.provider === 'custom') placeOwn(request, sender, fresh);
  const [at] = sender.type;
  if (type !== undefined && at !== undefined) place(request, parseSource(at), type);
  return request;
}

function sampleOf(provider: ProviderName): Sample {
  return presetOf(provider).sample;
}

const CUSTOM: Sample = { body: ({ now, id }) => ({ id, test: true, time: now.toISOString() }) };
const TEST_TYPE = 'test';

/** Id and type of a scheme of the user's own, where they are one place each. */
function placeOwn(request: OutgoingRequest, { id, type }: SampleSender, fresh: Fresh): void {
  const [rule] = id;
  const [at] = type;
  if (typeof rule === 'string' && rule !== 'hash') place(request, parseSource(rule), fresh.id);
  if (at !== undefined) place(request, parseSource(at), TEST_TYPE);
}

/** Where a provider has a place for it, the payload goes there; otherwise its members go beside the sample's. */
function withPayload({ body, payloadAt }: Sample, fresh: Fresh, payload: unknown): object {
  const whole = body(fresh);
  if (payloadAt !== undefined) return setPath(whole, payloadAt.split('.'), payload) as object;
  if (typeof payload !== 'object' || payload === null) return whole;
  if (!Array.isArray(whole)) return { ...whole, ...payload };
  return Array.isArray(payload) ? payload : [{ ...whole[0], ...payload }];
}
