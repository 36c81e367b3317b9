import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { signedForm } from './form.ts';
import type { ReadableRequest } from './readable.ts';
import { parseSource, type Source, sourceLabel } from './source.ts';
import { badTemplate, parseTemplate } from './template.ts';

const NAMED = ['timestamp', 'body', 'method', 'url', 'form', 'sha256hex', 'crc32'] as const;
type Named = (typeof NAMED)[number];
const named = (name: string): Named | undefined => NAMED.find((known) => known === name);

/** Parts that say something about the body; without one of them any body would do. */
const COVERING: readonly MessagePart[] = ['body', 'form', 'sha256hex', 'crc32'];
const SOURCE = /^(?:header|body|query|form):[^{}?]+\??$/;

/** A piece of a signed message: fixed bytes, or what the request brings. */
export type MessagePart = Buffer | Named | { source: Source; optional: boolean };

/**
 * Prepares the template of a signed message; something of the body must be in it.
 * @param params texts for `{param:name}`, which are put in as they are
 * @throws HookbayError `bad_template`
 */
export function parseMessage(text: string, params: Readonly<Record<string, string>> = {}): MessagePart[] {
  const isParam = (name: string): boolean => name.startsWith('param:') && Object.hasOwn(params, name.slice('param:'.length));
  const parts = parseTemplate(text, (name) => named(name) !== undefined || isParam(name) || SOURCE.test(name));
  const message = parts.map((part): MessagePart => {
    if (part.kind === 'text') return Buffer.from(part.text);
    if (isParam(part.name)) return Buffer.from(params[part.name.slice('param:'.length)] ?? '');
    const optional = part.name.endsWith('?');
    return named(part.name) ?? { source: parseSource(optional ? part.name.slice(0, -1) : part.name), optional };
  });
  if (!message.some(coversBody)) throw badTemplate(text, 'the signed message does not cover {body}');
  return message;
}

function coversBody(part: MessagePart): boolean {
  if (typeof part === 'string') return COVERING.includes(part);
  return 'source' in part && (part.source.in === 'body' || part.source.in === 'form');
}

/** Whether a timestamp from this source is covered by the signature: only then it proves anything. */
export function coversTimestamp(message: readonly MessagePart[], from: Source): boolean {
  return message.includes('timestamp') || (from.in === 'body' && message.includes('body'));
}

/** What a message is made of. */
export interface MessageInput {
  request: ReadableRequest;
  /** Its own text as it was sent; empty when the message has none. */
  timestamp: string;
  /** Empty when the message has none. */
  url: string;
  /** Of a list whose items are signed one by one. */
  item: number;
}

/** Bytes, or text of one character a byte. */
export type Chunk = Buffer | string;

/**
 * The message in pieces, so that the body is never turned into text or copied.
 * @returns null when a part is missing; {@link missingPart} says which
 */
export function messageChunks(message: readonly MessagePart[], input: MessageInput): Chunk[] | null {
  const chunks: Chunk[] = [];
  for (const part of message) {
    const chunk = chunkOf(part, input);
    if (chunk === null) return null;
    chunks.push(chunk);
  }
  return chunks;
}

/** What is missed where {@link messageChunks} gives nothing, for operators. */
export function missingPart(message: readonly MessagePart[], input: MessageInput): string {
  const part = message.find((each) => chunkOf(each, input) === null);
  if (part === 'form') return 'the body is neither a form nor covered by bodySHA256 in the query';
  const label = typeof part === 'object' && 'source' in part ? sourceLabel(part.source) : 'part of the message';
  return `no ${label}, which the signature covers`;
}

function chunkOf(part: MessagePart, { request, timestamp, url, item }: MessageInput): Chunk | null {
  switch (part) {
    case 'timestamp':
      return timestamp;
    case 'body':
      return request.body;
    case 'method':
      return request.method;
    case 'url':
      return url;
    case 'form':
      return utf8(signedForm(request));
    case 'sha256hex':
      return hash('sha256', request.body);
    case 'crc32':
      return String(crc32(request.body));
    default:
      return 'source' in part ? sourceChunk(request, part, item) : part;
  }
}

function sourceChunk(request: ReadableRequest, { source, optional }: { source: Source; optional: boolean }, item: number) {
  const text = request.text(source, item) ?? (optional ? '' : null);
  // Header bytes are one character each already.
  return source.in === 'header' ? text : utf8(text);
}

function utf8(text: string | null): Buffer | null {
  return text === null ? null : Buffer.from(text);
}
