import type { HmacScheme, PublicKeyScheme } from '../../providers/scheme.ts';
import { filledSource, type SenderParams } from '../../providers/sender.ts';
import { decodeSignature, parseSignatures } from '../../providers/signature.ts';
import { parseSource, type Source, sourceLabel } from '../../providers/source.ts';
import type { ReceivedRequest } from '../received.ts';
import { readField, type Wrong, wrong } from './credential.ts';

/** A signature that was sent, as bytes. */
export interface SentSignature {
  /** The key that it stood under, or null. */
  key: string | null;
  bytes: Buffer;
}

export interface SentSignatures {
  kind: 'found';
  /** At least one. */
  signatures: readonly SentSignature[];
  /** For `sig:` sources; null for a field that contradicts itself. */
  others: ReadonlyMap<string, string | null>;
}

export interface SignatureReader {
  /** What is missed when there is none. */
  label: string;
  read(request: ReceivedRequest, item: number): SentSignatures | Wrong | null;
}

/**
 * Prepares reading the signatures of a request, from every place that may hold some.
 * @param bytesFor how long a signature is; null when that is open
 */
export function signatureReader(
  scheme: HmacScheme | PublicKeyScheme,
  params: SenderParams,
  bytesFor: (key: string | null) => number | null,
): SignatureReader {
  const places = [scheme.from, ...(scheme.also ?? [])].map((from) => parseSource(filledSource(from, params)));
  const { parse, encoding = 'hex' } = scheme;
  const form = expectedForm(scheme, encoding, 'algorithm' in scheme && scheme.algorithm === 'named' ? null : bytesFor(null));
  const label = sourceLabel(places[0] ?? { in: 'bearer' });
  const single = places.length === 1 && !isGlob(places[0]) ? places[0] : undefined;

  /** @returns null when the field holds no well-formed signature */
  const take = (text: string): SentSignatures | null => {
    const { signatures: written, others } = parseSignatures(text, parse);
    const signatures: SentSignature[] = [];
    for (const { key, text: value } of written) {
      const bytes = decodeSignature(value, encoding, bytesFor(key));
      if (bytes !== null) signatures.push({ key, bytes });
    }
    return signatures.length === 0 ? null : { kind: 'found', signatures, others };
  };

  const readOne = (request: ReceivedRequest, source: Source, item: number): SentSignatures | Wrong | null => {
    const text = readField(request, source, item);
    if (text === null || typeof text !== 'string') return text;
    return (
      take(text) ??
      wrong('malformed', `the ${sourceLabel(source)} ${form}: was it cut off on the way, or does somebody else send here?`)
    );
  };
  if (single !== undefined) return { label, read: (request, item) => readOne(request, single, item) };
  return { label, read: (request, item) => readAll(matching(request, places), (source) => readOne(request, source, item)) };
}

/** What is sent in several fields is taken together; a field that is malformed or contradicts itself spoils the rest. */
function readAll(
  sources: readonly Source[],
  readOne: (source: Source) => SentSignatures | Wrong | null,
): SentSignatures | Wrong | null {
  const found: SentSignatures[] = [];
  for (const source of sources) {
    const one = readOne(source);
    if (one?.kind === 'wrong') return one;
    if (one !== null) found.push(one);
  }
  const [first] = found;
  if (first === undefined) return null;
  return { kind: 'found', signatures: found.flatMap(({ signatures }) => signatures), others: first.others };
}

const isGlob = (source: Source | undefined): boolean => source?.in === 'header' && source.name.endsWith('*');

/** Senders number their fields; nobody has so many keys. */
const MOST_FIELDS = 8;

function matching(request: ReceivedRequest, places: readonly Source[]): Source[] {
  return places.flatMap((place): Source[] => {
    if (place.in !== 'header' || !isGlob(place)) return [place];
    const beginning = place.name.slice(0, -1);
    const names = new Set<string>();
    for (const [rawName] of request.headers) {
      if (rawName.length <= beginning.length || names.size >= MOST_FIELDS) continue;
      const name = rawName.toLowerCase();
      if (name.startsWith(beginning)) names.add(name);
    }
    return [...names].map((name) => ({ in: 'header', name }));
  });
}

/** What a well-formed field looks like. @param bytes of a signature; null when that is open */
function expectedForm({ parse }: HmacScheme | PublicKeyScheme, encoding: string, bytes: number | null): string {
  const value = valueForm(encoding, bytes);
  if (parse === undefined) return `is not ${value}`;
  const { item, kv, key } = parse;
  const keys = typeof key === 'string' ? key : key.join('|');
  return `${item === undefined ? 'is not' : 'holds no'} ${keys}${kv}${value}`;
}

function valueForm(encoding: string, bytes: number | null): string {
  if (bytes === null) return `<${encoding}>`;
  return encoding === 'hex' ? `<${bytes * 2} hex digits>` : `<base64 of ${bytes} bytes>`;
}
