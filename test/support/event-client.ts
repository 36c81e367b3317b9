import { Agent, request } from 'node:http';
import { eventBody, eventHeaders } from './knowledgesdk-event.ts';

/** What came back for an event; null when no answer came. */
export type PostResult = { status: number; body: string } | null;

// No keep-alive: a relay that was killed and one that is refusing are told apart from a stale pooled connection.
const agent = new Agent({ keepAlive: false, maxSockets: 256 });

export interface EventPost {
  key: string;
  size?: number;
  timeoutMs?: number;
}

/** The body that belongs to a key, so that a receiver can tell whether it was altered. */
export function bodyOfKey(key: string, size = 1024): Buffer {
  return eventBody(size, key);
}

/** Posts one KnowledgeSDK event. Never rejects: no answer is an answer of its own. */
export function postEvent(url: string, { key, size = 1024, timeoutMs = 8_000 }: EventPost): Promise<PostResult> {
  const body = bodyOfKey(key, size);
  return new Promise((resolve) => {
    const headers = { ...eventHeaders(key), 'content-length': body.length };
    const outgoing = request(url, { method: 'POST', agent, headers, timeout: timeoutMs }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', () => resolve(null));
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
    });
    outgoing.on('timeout', () => outgoing.destroy());
    outgoing.on('error', () => resolve(null));
    outgoing.end(body);
  });
}

export const isAcknowledged = (result: PostResult): boolean => result !== null && result.status >= 200 && result.status < 300;
