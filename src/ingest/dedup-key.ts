import { hash } from 'node:crypto';
import type { DedupConfig, VerifyConfig } from '../config/types.ts';
import type { DedupKey } from '../domain/event.ts';
import type { KeyScheme } from '../providers/scheme.ts';
import { parseSource, type Source } from '../providers/source.ts';
import { parseTemplate } from '../providers/template.ts';
import type { ReceivedRequest } from './received.ts';

/** Longer keys are kept as their hash, so that an index entry stays small. UTF-8 bytes. */
const LONGEST_KEY = 256;

/** Finds a request's key on its route; null: the request has none, and nothing is dropped. */
export type KeyRule = (request: ReceivedRequest) => DedupKey | null;

/** Prepares a route's `dedup` rule. Throws a HookbayError for a source that is none. */
export function keyRule(dedup: DedupConfig, verify: VerifyConfig): KeyRule {
  switch (dedup.kind) {
    case 'none':
      return () => null;
    case 'preset':
      return fromSchemes(verify.provider === 'none' ? [] : verify.id, dedup.windowMs);
    case 'header':
      return fromSchemes([{ template: `{header:${dedup.name}}` }], dedup.windowMs);
    case 'body-path':
      return fromSchemes([{ template: `{body:${dedup.path}}` }], dedup.windowMs);
    case 'body':
      return fromSchemes(['hash'], dedup.windowMs);
    default:
      return dedup satisfies never;
  }
}

/** Names a request by one scheme, or null. */
export type Naming = (request: ReceivedRequest) => string | null;

/** Prepares one scheme. Throws a HookbayError for a source that is none. */
export function naming(scheme: KeyScheme): Naming {
  if (scheme === 'hash') return (request) => `sha256:${hash('sha256', request.body)}`;
  const { template, unless } = typeof scheme === 'string' ? { template: `{${scheme}}`, unless: undefined } : scheme;
  const parts = parseTemplate(template, () => true);
  const prepared: PreparedTemplate = {
    parts: parts.map((part) => (part.kind === 'text' ? part.text : parseSource(part.name))),
    unless: unless === undefined ? null : parseSource(unless),
  };
  return (request) => nameKey(request, prepared);
}

interface PreparedTemplate {
  parts: readonly (string | Source)[];
  unless: Source | null;
}

function fromSchemes(schemes: readonly KeyScheme[], windowMs: number): KeyRule {
  const prepared = schemes.map(naming);
  return (request) => {
    for (const name of prepared) {
      const key = name(request);
      if (key !== null) return { key, windowMs };
    }
    return null;
  };
}

/**
 * The one place in which an event's key gets its name. Header keys are taken as they are; a dedup header
 * that comes twice with different values is joined with a comma, so it is never taken for an event that has
 * only one of them. Keys past 256 bytes, and text that UTF-8 cannot write (it would make different keys
 * equal), are replaced by `sha256:<hex>`.
 * @returns null when a part is missing or empty
 */
function nameKey(request: ReceivedRequest, scheme: PreparedTemplate): string | null {
  if (scheme.unless !== null && request.has(scheme.unless)) return null;
  let key = '';
  for (const part of scheme.parts) {
    const text = typeof part === 'string' ? part : request.text(part);
    if (text === null) return null;
    key += text;
  }
  if (!key.isWellFormed()) return `sha256:${hash('sha256', Buffer.from(key, 'utf16le'))}`;
  return key.length * 3 > LONGEST_KEY && Buffer.byteLength(key) > LONGEST_KEY ? `sha256:${hash('sha256', key)}` : key;
}
