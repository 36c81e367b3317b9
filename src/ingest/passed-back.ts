import type { ServerResponse } from 'node:http';
import type { HeaderList } from '../domain/event.ts';
import type { TargetAnswer } from '../domain/target-answer.ts';
import { EVENT_ID_HEADER } from './acknowledgement.ts';

/** Fields that mean one connection only (RFC 9110, section 7.6.1), and Content-Length, which is counted anew. */
const ONE_CONNECTION = new Set([
  ...['connection', 'proxy-connection', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
  ...['proxy-authenticate', 'proxy-authorization', 'proxy-authentication-info', 'content-length'],
]);

/** What may stand in a field: Node refuses the whole answer for anything else (RFC 9110, section 5.5). */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

function passedFields(headers: HeaderList): string[] {
  const dropped = new Set(ONE_CONNECTION);
  for (const [name, value] of headers) {
    if (name.toLowerCase() !== 'connection') continue;
    for (const option of value.split(',')) dropped.add(option.trim().toLowerCase());
  }
  return headers.flatMap(([name, value]) => {
    const lower = name.toLowerCase();
    const isPassed = !dropped.has(lower) && lower !== EVENT_ID_HEADER && FIELD_NAME.test(name) && FIELD_VALUE.test(value);
    return isPassed ? [name, value] : [];
  });
}

/**
 * Answers with what the target answered: status, fields in their order and spelling with their repeats, body byte for byte.
 * @param closing whether the connection ends with it
 */
export function passBack(response: ServerResponse, answer: TargetAnswer, eventId: string, closing: boolean): void {
  const fields = passedFields(answer.headers);
  fields.push(EVENT_ID_HEADER, eventId);
  // A 204 has no body and may not say how long it is, a 205 has none either (RFC 9110, sections 8.6 and 15.3.6).
  const body = answer.status === 204 || answer.status === 205 ? null : answer.body;
  if (answer.status !== 204) fields.push('content-length', String(body?.length ?? 0));
  if (closing) fields.push('connection', 'close');
  response.writeHead(answer.status, fields);
  response.end(body ?? undefined);
}
