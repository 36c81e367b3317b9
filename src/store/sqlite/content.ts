import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** What an event's row says of its content. */
export interface ContentChecks {
  head_crc32: number;
  body_sha256: Uint8Array;
}

/**
 * The hash of a body is for people too, who compare it with their own; for the head a checksum finds what a disk
 * does to it, in a tenth of the time (5 % of an append).
 */
export function checksOf(head: Uint8Array, body: Uint8Array): { headCrc32: number; bodySha256: Buffer } {
  return { headCrc32: crc32(head), bodySha256: hash('sha256', body, 'buffer') };
}

/** Whether head and body are the bytes that were accepted. Asked at every read of an event's content. */
export function isWhole(head: Uint8Array, body: Uint8Array, stored: ContentChecks): boolean {
  const { headCrc32, bodySha256 } = checksOf(head, body);
  return headCrc32 === stored.head_crc32 && bodySha256.equals(stored.body_sha256);
}
