import { CREDENTIAL_MARK } from '../domain/credential-mark.ts';
import type { HeaderList } from '../domain/event.ts';
import { CONNECTION_HEADERS, OWN_HEADER_PREFIX, REPLACED_HEADERS, SIGNATURE_HEADERS } from '../domain/header-rules.ts';
import type { LeasedDelivery } from '../domain/leased-delivery.ts';
import { changedHeaders, type PreparedChanges, withoutNames } from './header-changes.ts';
import type { Signer } from './signing.ts';
import { continueTrace, startTrace } from './trace.ts';

/** What of the headers is the same for every attempt on a target. */
export interface HeaderParts {
  /** From the target's credentials; replaces the sender's. */
  authorization: string | null;
  /** How this relay calls itself in `Via`. */
  instance: string;
  /** How senders reach this relay: scheme, and host where it is configured. */
  proto: string;
  host: string | null;
  signer: Signer | null;
  changes: PreparedChanges | null;
}

export interface OutgoingHeaders {
  /** Names and values by turns. */
  flat: string[];
  /** How often the request has been through this relay before, by its `Via`. */
  passes: number;
}

/** What happens to a field that is not simply passed on as it came. */
type Treatment = 'drop' | 'connection' | 'authorization' | 'signature' | 'trace-parent' | 'trace-state' | 'via' | 'host';

/**
 * Fields that mean one connection only (RFC 9110, section 7.6.1), those that undici writes itself, those that we
 * overwrite, and Cookie, which belongs to the sender's session with us.
 */
const TREATMENTS = new Map<string, Treatment>([
  ...[...CONNECTION_HEADERS, ...REPLACED_HEADERS].map((name) => [name, 'drop'] as const),
  ...[...SIGNATURE_HEADERS].map((name) => [name, 'signature'] as const),
  ['connection', 'connection'],
  ['host', 'host'],
  ['authorization', 'authorization'],
  ['traceparent', 'trace-parent'],
  ['tracestate', 'trace-state'],
  ['via', 'via'],
]);

/** What the loop over the sender's headers notes for later. */
interface Seen {
  host: string | null;
  traceParents: string[];
  traceStates: string[];
  connectionOptions: string[];
  passes: number;
}

function passOn(flat: string[], headers: HeaderList, parts: HeaderParts): Seen {
  const seen: Seen = { host: null, traceParents: [], traceStates: [], connectionOptions: [], passes: 0 };
  for (const [name, value] of headers) {
    if (value === CREDENTIAL_MARK) continue;
    const lower = name.toLowerCase();
    const treatment = TREATMENTS.get(lower);
    if (treatment === undefined) {
      if (!lower.startsWith(OWN_HEADER_PREFIX)) flat.push(name, value);
      continue;
    }
    switch (treatment) {
      case 'drop':
        break;
      case 'connection':
        if (value !== 'keep-alive' && value !== 'close') seen.connectionOptions.push(...value.toLowerCase().split(','));
        break;
      case 'host':
        seen.host = value;
        break;
      case 'authorization':
        if (parts.authorization === null) flat.push(name, value);
        break;
      case 'signature':
        flat.push(parts.signer === null ? name : `hookbay-original-${lower}`, value);
        break;
      case 'trace-parent':
        seen.traceParents.push(value);
        break;
      case 'trace-state':
        seen.traceStates.push(value);
        break;
      case 'via':
        flat.push(name, value);
        seen.passes += value.split(',').filter((hop) => hop.trim().split(/\s+/)[1] === parts.instance).length;
        break;
      default:
        treatment satisfies never;
    }
  }
  return seen;
}

/** Takes out what `Connection` names (RFC 9110, section 7.6.1). */
function dropNamed(flat: string[], options: readonly string[]): string[] {
  return withoutNames(flat, new Set(options.map((option) => option.trim())));
}

function pushTrace(flat: string[], { traceParents, traceStates }: Seen): void {
  const [parent] = traceParents;
  const continued = parent !== undefined && traceParents.length === 1 ? continueTrace(parent) : null;
  flat.push('traceparent', continued ?? startTrace());
  if (continued !== null) for (const state of traceStates) flat.push('tracestate', state);
}

/** Events of one burst share their milliseconds, and writing one out takes a third of the time of all headers. */
let lastTime = { ms: 0, iso: new Date(0).toISOString() };

function isoTime(ms: number): string {
  if (lastTime.ms !== ms) lastTime = { ms, iso: new Date(ms).toISOString() };
  return lastTime.iso;
}

const LONGEST_TYPE = 256;
const VISIBLE = /^[\x20-\x7e]*$/;

/** An event's type may be any text of the body: what a header cannot carry is percent-encoded, and its length is bounded. */
function headerText(text: string): string {
  const bounded = text.length > LONGEST_TYPE ? text.slice(0, LONGEST_TYPE) : text;
  return VISIBLE.test(bounded) ? bounded : bounded.toWellFormed().replace(/[^\x20-\x7e]/gu, encodeURIComponent);
}

/**
 * The headers of one attempt: the sender's less those for one connection and the route's credential, and what
 * the relay adds. Content-Length, Host and Connection are undici's.
 * @param now wall time of the attempt, ms
 */
export function outgoingHeaders(delivery: LeasedDelivery, parts: HeaderParts, now: number): OutgoingHeaders {
  const { event } = delivery;
  const passed: string[] = [];
  const seen = passOn(passed, event.headers, parts);
  const flat = seen.connectionOptions.length === 0 ? passed : dropNamed(passed, seen.connectionOptions);
  if (parts.authorization !== null) flat.push('authorization', parts.authorization);
  if (parts.signer !== null) {
    const timestamp = Math.floor(now / 1000);
    flat.push('webhook-id', event.id, 'webhook-timestamp', String(timestamp));
    flat.push('webhook-signature', parts.signer(event.id, timestamp, event.body));
  }
  flat.push('hookbay-event-id', event.id, 'hookbay-delivery-id', delivery.id, 'hookbay-route', headerText(event.route));
  if (event.type !== null) flat.push('hookbay-event-type', headerText(event.type));
  flat.push('hookbay-attempt', String(delivery.attempts + 1), 'hookbay-attempt-trigger', delivery.trigger);
  flat.push('hookbay-received-at', isoTime(event.receivedAt));
  flat.push('x-forwarded-for', event.peer, 'x-forwarded-proto', parts.proto);
  const host = parts.host ?? seen.host;
  if (host !== null) flat.push('x-forwarded-host', host);
  flat.push('via', `1.1 ${parts.instance}`);
  pushTrace(flat, seen);
  return { flat: parts.changes === null ? flat : changedHeaders(flat, parts.changes), passes: seen.passes };
}
