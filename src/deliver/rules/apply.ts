import type { EdgeRules } from '../../config/types.ts';
import type { HeaderList } from '../../domain/event.ts';
import type { LeasedDelivery } from '../../domain/leased-delivery.ts';
import type { Verdict } from './work.ts';

type Passes = Extract<Verdict, { kind: 'passes' }>;

/** What a delivery without expressions has. */
export const UNCHANGED: Passes = { kind: 'passes', body: null, headers: [] };

/** They describe the bytes that the sender sent (RFC 9110 sections 8.4 and 14.4, RFC 9530, RFC 1864). */
const OF_THE_OLD_BODY = ['content-encoding', 'content-range', 'content-md5', 'digest', 'content-digest', 'repr-digest'];

class Headers {
  #list: HeaderList;

  constructor(list: HeaderList) {
    this.#list = list;
  }

  get list(): HeaderList {
    return this.#list;
  }

  /** @param names in lower case */
  remove(names: readonly string[]): void {
    if (names.length > 0) this.#list = this.#list.filter(([name]) => !names.includes(name.toLowerCase()));
  }

  set(name: string, value: string): void {
    this.remove([name.toLowerCase()]);
    this.#list = [...this.#list, [name, value]];
  }
}

/** What `Connection` names goes now, so that a sender cannot name a header that a rule sets (RFC 9110 section 7.6.1). */
function endConnection(headers: Headers): void {
  const named = headers.list
    .filter(([name]) => name.toLowerCase() === 'connection')
    .flatMap(([, value]) => value.toLowerCase().split(','));
  if (named.length > 0) headers.remove(['connection', ...named.map((option) => option.trim())]);
}

/** The delivery as it goes to the target: what is sent and signed. Later rules win: remove, add, then the transform's headers. */
export function applied(delivery: LeasedDelivery, rules: EdgeRules, { body, headers: set }: Passes): LeasedDelivery {
  const { event } = delivery;
  const headers = new Headers(event.headers);
  endConnection(headers);
  if (body !== null) {
    headers.remove(OF_THE_OLD_BODY);
    headers.set('content-type', body.isJson ? 'application/json' : 'text/plain; charset=utf-8');
  }
  headers.remove(rules.removeHeaders);
  for (const [name, value] of rules.addHeaders) headers.set(name, value);
  for (const [name, value] of set) {
    if (value === null) headers.remove([name.toLowerCase()]);
    else headers.set(name, value);
  }
  const bytes = body === null ? event.body : Buffer.from(body.bytes.buffer, body.bytes.byteOffset, body.bytes.byteLength);
  return { ...delivery, event: { ...event, headers: headers.list, body: bytes } };
}

const LONGEST_SHOWN = 120;

/** Why a filter ended a delivery, for people: the expression on one line, cut. */
export function filterReason(filter: string): string {
  const line = filter.replace(/\s+/g, ' ').trim();
  const characters = [...line];
  return `filter: ${characters.length > LONGEST_SHOWN ? `${characters.slice(0, LONGEST_SHOWN).join('')}…` : line}`;
}
