import { randomFillSync } from 'node:crypto';

const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;
const NO_TRACE = '0'.repeat(2 * TRACE_ID_BYTES);
const NO_SPAN = '0'.repeat(2 * SPAN_ID_BYTES);

/** Sampled, so that a target that follows its parent's choice goes on tracing what it would have traced without us. */
const FLAGS_OF_A_NEW_TRACE = '01';

/** Random bytes in stock: asking the system for 8 bytes at a time costs more than the rest of the headers. */
const stock = Buffer.alloc(4096);
let used = stock.length;

function randomHex(bytes: number): string {
  if (used + bytes > stock.length) {
    randomFillSync(stock);
    used = 0;
  }
  used += bytes;
  return stock.toString('hex', used - bytes, used);
}

/** Version, trace id, parent span id, flags; later versions may say more behind that. */
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/**
 * Continues a trace with a span of its own (W3C Trace Context, section 3.2).
 * @param incoming the sender's `traceparent`
 * @returns null when there is none to continue: the `tracestate` that came with it is then not to be passed on either
 */
export function continueTrace(incoming: string): string | null {
  const [, version, traceId, parentId, flags, more] = TRACEPARENT.exec(incoming) ?? [];
  if (traceId === undefined || traceId === NO_TRACE || parentId === NO_SPAN) return null;
  if (version === '00' && more !== undefined) return null;
  return `00-${traceId}-${randomHex(SPAN_ID_BYTES)}-${flags}`;
}

/** @returns the `traceparent` of a trace that begins here */
export function startTrace(): string {
  return `00-${randomHex(TRACE_ID_BYTES)}-${randomHex(SPAN_ID_BYTES)}-${FLAGS_OF_A_NEW_TRACE}`;
}
