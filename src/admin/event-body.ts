import { MASK } from '../domain/body-mask.ts';
import type { Redaction } from '../domain/redaction.ts';
import type { Answer, Call } from './endpoint.ts';

type Reader = Pick<Call<unknown, unknown>, 'ports' | 'now' | 'who' | 'peer'>;

interface Content {
  contentType: string | null;
  body: Buffer;
}

/** Who read what is masked for others is kept with what operators did. */
export function noteRawRead(action: string, subject: string | null, { ports, now, who, peer }: Reader): void {
  if (who === null) return;
  ports.audit.record({ at: now(), actor: who.name, peer, action, subject, status: 200, detail: '{"raw":true}' });
}

/** What may be shown of a body: all of it where the route masks none. */
export function maskedAttachment(id: string, { contentType, body }: Content, mask: Redaction): Answer {
  if (!mask.masksBodies) return attachment(id, { contentType, body });
  const shown = maskedBody(body, mask);
  const type = shown === MASK ? 'text/plain' : contentType;
  return attachment(id, { contentType: type, body: Buffer.from(shown) }, { 'hookbay-redacted': 'true' });
}

/** What is no UTF-8 is no JSON, and is hidden as a whole. */
export function maskedBody(body: Uint8Array, mask: Redaction): string {
  const text = utf8(body);
  return text === null ? MASK : mask.body(text);
}

function utf8(body: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return null;
  }
}

/** A media type that cannot break a header or be taken for something that runs. */
const PLAIN_MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:; ?[\w-]+=[\w.-]+)*$/;

/** The exact bytes, for downloading. */
export function attachment(id: string, content: Content, headers: Record<string, string> = {}): Answer {
  const type = content.contentType !== null && PLAIN_MEDIA_TYPE.test(content.contentType) ? content.contentType : null;
  return {
    kind: 'raw',
    status: 200,
    body: content.body,
    headers: {
      'content-type': type ?? 'application/octet-stream',
      'content-disposition': `attachment; filename="${id.replaceAll(/\W/g, '')}"`,
      // The bytes came from outside: nothing in them may run, also when they are opened in a tab.
      'content-security-policy': "sandbox; default-src 'none'",
      ...headers,
    },
  };
}
