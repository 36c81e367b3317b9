import type { HeaderList } from '../../domain/event.ts';

/** What is stored of a request beside its body, as one run of bytes with one checksum over it. */
export interface Head {
  method: string;
  path: string;
  query: string;
  peer: string;
  contentType: string | null;
  headers: HeaderList;
  /** Only in encrypted heads: elsewhere it is in the event's row. */
  dedupKey?: string;
}

type HeadFields = [
  method: string,
  path: string,
  query: string,
  peer: string,
  contentType: string | null,
  headers: HeaderList,
  dedupKey?: string,
];

/** An array rather than an object: the names would take more room than the values. */
export function renderHead({ method, path, query, peer, contentType, headers }: Head, dedupKey?: string): string {
  const fields: HeadFields = [method, path, query, peer, contentType, headers];
  if (dedupKey !== undefined) fields.push(dedupKey);
  return JSON.stringify(fields);
}

/** Undoes {@link renderHead}. Call it only with bytes that were found whole. */
export function parseHead(bytes: Uint8Array): Head {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  const [method, path, query, peer, contentType, headers, dedupKey] = JSON.parse(text) as HeadFields;
  return { method, path, query, peer, contentType, headers, ...(dedupKey !== undefined && { dedupKey }) };
}
