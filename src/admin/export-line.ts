import { isUtf8 } from 'node:buffer';
import type { z } from 'zod';
import type { Redaction } from '../domain/redaction.ts';
import { maskedBody } from './event-body.ts';
import type { EventDetail } from './ports.ts';
import { eventFields, iso, isoOrNull, pairs } from './present.ts';
import type * as shapes from './shapes.ts';

/** An event with its body, as the store gives it. */
export type ExportedEvent = EventDetail & { body: Uint8Array };

/** One line of an export: the event as in the API, masked like there, its deliveries in short, and its body: as text where it is UTF-8. */
function exportedEvent(
  { body, headers, deliveries, ...event }: ExportedEvent,
  mask: Redaction,
): z.output<typeof shapes.exportedEvent> {
  const bytes = mask.masksBodies
    ? Buffer.from(maskedBody(body, mask))
    : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return {
    ...eventFields(event, mask.masksBodies),
    headers: pairs(mask.headers(headers)),
    deliveries: deliveries.map(({ id, target, status, reason, attempts, createdAt, finishedAt }) => ({
      ...{ id, target, status, reason, attempts },
      ...{ createdAt: iso(createdAt), finishedAt: isoOrNull(finishedAt) },
    })),
    ...(isUtf8(bytes) ? { body: bytes.toString('utf8') } : { bodyBase64: bytes.toString('base64') }),
    ...(mask.masksBodies ? { redacted: true } : {}),
  };
}

/** @returns null for an event that is too large for one text of this program */
export function exportLine(event: ExportedEvent, mask: Redaction): Buffer | null {
  try {
    return Buffer.from(`${JSON.stringify(exportedEvent(event, mask))}\n`);
  } catch (error) {
    if (error instanceof RangeError || (error instanceof Error && 'code' in error && error.code === 'ERR_STRING_TOO_LONG'))
      return null;
    throw error;
  }
}
