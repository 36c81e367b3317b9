import type { SignatureEncoding, SignatureParse } from './scheme.ts';

/** A signature as it stands in its field: still written, under its key where it has one. */
export interface WrittenSignature {
  key: string | null;
  text: string;
}

/** A field of signatures, taken apart. */
export interface SignatureField {
  signatures: readonly WrittenSignature[];
  /** What else is in the field, and what `sig:` sources read; a key with different values has null. */
  others: ReadonlyMap<string, string | null>;
}

/** Nobody sends more, and each costs a comparison or worse. */
const MOST_SIGNATURES = 16;
const MOST_ITEMS = 64;
const NONE: ReadonlyMap<string, string | null> = new Map();

/** Takes a field apart. Never throws; what is no signature is left out. */
export function parseSignatures(field: string, parse: SignatureParse | undefined): SignatureField {
  if (parse === undefined) return { signatures: [{ key: null, text: field }], others: NONE };
  const { item, kv, key } = parse;
  const isSignature = (name: string): boolean => (typeof key === 'string' ? name === key : key.includes(name));
  if (item === undefined) {
    const at = field.indexOf(kv);
    const name = field.slice(0, Math.max(at, 0));
    const text = field.slice(at + kv.length);
    if (at >= 0 && isSignature(name)) return { signatures: [{ key: name, text }], others: NONE };
    return { signatures: [], others: NONE };
  }
  const signatures: WrittenSignature[] = [];
  const others = new Map<string, string | null>();
  // Bounded, so that a field of nothing but separators costs no memory.
  for (const written of field.split(item, MOST_ITEMS)) {
    const at = written.indexOf(kv);
    if (at < 0) continue;
    const name = written.slice(0, at).trim();
    const text = written.slice(at + kv.length).trim();
    if (isSignature(name)) signatures.push({ key: name, text });
    else others.set(name, others.has(name) && others.get(name) !== text ? null : text);
  }
  return { signatures: signatures.slice(0, MOST_SIGNATURES), others };
}

/** Writes a field as {@link parseSignatures} reads it. */
export function writeSignature(text: string, parse: SignatureParse | undefined, others: readonly [string, string][]): string {
  if (parse === undefined) return text;
  const { item, kv, key } = parse;
  const name = typeof key === 'string' ? key : (key.at(-1) ?? '');
  return [...others, [name, text]].map(([left, right]) => left + kv + right).join(item ?? '');
}

/**
 * Reads the bytes of a signature. Node's decoders stop silently at what they do not know, so the text is checked first.
 * @param bytes how many there have to be; null when that is open
 * @returns null when the text is malformed
 */
export function decodeSignature(text: string, encoding: SignatureEncoding, bytes: number | null): Buffer | null {
  if (encoding === 'hex') {
    if (text.length % 2 !== 0 || !/^[0-9a-fA-F]+$/.test(text)) return null;
    return bytes === null || text.length === bytes * 2 ? Buffer.from(text, 'hex') : null;
  }
  const decoded = Buffer.from(text, encoding);
  if (decoded.length === 0 || decoded.toString(encoding) !== text) return null;
  return bytes === null || decoded.length === bytes ? decoded : null;
}
