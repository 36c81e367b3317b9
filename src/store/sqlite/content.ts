import { hash } from 'node:crypto';

/** Whether head and body are the bytes that were accepted. Asked at every read of an event's content. */
export function isWhole(head: Buffer, body: Buffer, stored: { head_sha256: Buffer; body_sha256: Buffer }): boolean {
  return stored.head_sha256.equals(hash('sha256', head, 'buffer')) && stored.body_sha256.equals(hash('sha256', body, 'buffer'));
}
