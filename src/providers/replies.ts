import { isProviderName, presetOf } from './presets.ts';

/** How an event is acknowledged. A body of null is the usual JSON with the event's id. */
export interface Acknowledgement {
  status: number;
  headers: readonly (readonly [name: string, value: string])[];
  body: string | null;
}

/** What a provider expects of answers. */
export interface Replies {
  acknowledgement: Acknowledgement;
  /** Whether refusals come without a body too. */
  emptyRefusals: boolean;
}

/** The answers of a route, by what its provider's preset says of them. The one place that decides it. */
export function repliesOf(provider: string): Replies {
  const { ok = 200, emptyBody = false } = (isProviderName(provider) ? presetOf(provider).reply : undefined) ?? {};
  return { acknowledgement: { status: ok, headers: [], body: emptyBody ? '' : null }, emptyRefusals: emptyBody };
}
