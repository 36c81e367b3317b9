import { type Document, isAlias, isMap, isPair, isScalar, isSeq, type Node, type Pair } from 'yaml';
import type { FaultCode, Path } from './fault.ts';
import { fillPlaceholders, type PlaceholderSources } from './placeholders.ts';

/** A fault by its place in the tree; its line and column are looked up later. */
export interface TreeFault {
  path: Path;
  /** Whether the key is meant, not its value. */
  atKey?: boolean;
  code: FaultCode;
  message: string;
  expected: string;
  suggestion?: string;
}

interface Entry {
  keyOffset: number | null;
  offset: number;
  /** A scalar as it stands in the file, before filling. */
  written: string | null;
  filled: boolean;
}

/** The file as plain data, placeholders filled, with the place of every value. */
export interface Tree {
  /** Objects without a prototype, arrays, strings, numbers, booleans. A key without a value has `undefined`. */
  value: unknown;
  faults: TreeFault[];
  /** The offset of the value or key; of the nearest parent where there is none. */
  offsetOf(path: Path, atKey: boolean): number;
  /** A scalar as it stands in the file, or null; never what a placeholder was filled with. */
  writtenAt(path: Path): string | null;
  isFilled(path: Path): boolean;
  /** Whether the value could not be filled, so that further faults of it say nothing. */
  isBroken(path: Path): boolean;
}

/** A hand-written file has hundreds of values; aliases of aliases of aliases have billions. */
const MOST_VALUES = 20_000;
const DEEPEST = 20;

const keyOf = (path: Path): string => JSON.stringify(path);

class Walk {
  readonly faults: TreeFault[] = [];
  readonly entries = new Map<string, Entry>();
  readonly broken = new Set<string>();
  readonly #document: Document;
  readonly #sources: PlaceholderSources;
  readonly #unquoted: readonly number[];
  #values = 0;

  constructor(document: Document, sources: PlaceholderSources, unquoted: readonly number[]) {
    this.#document = document;
    this.#sources = sources;
    this.#unquoted = unquoted;
  }

  visit(node: unknown, path: Path, keyOffset: number | null): unknown {
    this.#values++;
    if (this.#values > MOST_VALUES || path.length > DEEPEST) return this.#tooMuch(path);
    if (isAlias(node)) return this.#alias(node.resolve(this.#document), node.range?.[0], path, keyOffset);
    const offset = (node as Node | null)?.range?.[0] ?? keyOffset ?? 0;
    const entry: Entry = { keyOffset, offset, written: null, filled: false };
    this.entries.set(keyOf(path), entry);
    if (isMap(node)) return this.#map(node.items, path);
    if (isSeq(node)) return node.items.map((item, i) => this.visit(item, [...path, i], null));
    if (!isScalar(node)) return undefined;
    if (node.value === null) {
      // A key without a value is no key: what is missing is told at the key.
      entry.offset = keyOffset ?? offset;
      return undefined;
    }
    if (typeof node.value !== 'string') {
      entry.written = node.source ?? String(node.value);
      return node.value;
    }
    return this.#text(node.value, entry, [offset, node.range?.[1] ?? offset], path);
  }

  #tooMuch(path: Path): undefined {
    if (this.faults.some((fault) => fault.code === 'too_much')) return undefined;
    this.faults.push({
      path,
      code: 'too_much',
      message: 'the file unfolds into too much',
      expected: `at most ${MOST_VALUES} values and ${DEEPEST} levels, aliases counted`,
    });
    return undefined;
  }

  #alias(target: unknown, offset: number | undefined, path: Path, keyOffset: number | null): unknown {
    if (target !== undefined) return this.visit(target, path, keyOffset);
    this.entries.set(keyOf(path), { keyOffset, offset: offset ?? keyOffset ?? 0, written: null, filled: false });
    this.broken.add(keyOf(path));
    this.faults.push({
      path,
      code: 'bad_alias',
      message: 'an alias (*name) names no anchor (&name) before it',
      expected: 'an anchor above it, or quotes around the value',
    });
    return undefined;
  }

  #text(text: string, entry: Entry, [start, end]: readonly [number, number], path: Path): string {
    const { text: value, filled, problems } = fillPlaceholders(text, this.#sources);
    entry.written = text;
    entry.filled = filled;
    const unquoted = this.#unquoted.some((offset) => offset >= start && offset < end);
    if (problems.length > 0 || unquoted) this.broken.add(keyOf(path));
    for (const problem of problems) this.faults.push({ path, ...problem });
    return value;
  }

  #map(items: readonly unknown[], path: Path): object {
    const result: Record<string, unknown> = Object.create(null);
    for (const item of items) {
      if (!isPair(item)) continue;
      const { name, offset } = keyAt(item);
      const inner = [...path, name];
      if (name === '__proto__') {
        this.entries.set(keyOf(inner), { keyOffset: offset, offset: offset ?? 0, written: null, filled: false });
        this.faults.push({
          path: inner,
          atKey: true,
          code: 'bad_name',
          message: 'this name cannot be used',
          expected: 'another name',
        });
        continue;
      }
      result[name] = this.visit(item.value, inner, offset);
    }
    return result;
  }
}

function keyAt(pair: Pair): { name: string; offset: number | null } {
  const key = pair.key;
  if (!isScalar(key)) return { name: String(key), offset: null };
  return { name: typeof key.value === 'string' ? key.value : (key.source ?? String(key.value)), offset: key.range?.[0] ?? null };
}

/**
 * Turns a parsed file into plain data and fills its placeholders.
 * @param unquoted offsets of unquoted placeholders: their values are broken
 */
export function readTree(document: Document, sources: PlaceholderSources, unquoted: readonly number[]): Tree {
  const walk = new Walk(document, sources, unquoted);
  const value = walk.visit(document.contents, [], null);
  const nearest = (path: Path): Entry | undefined => {
    for (let length = path.length; length >= 0; length--) {
      const entry = walk.entries.get(keyOf(path.slice(0, length)));
      if (entry !== undefined) return entry;
    }
    return undefined;
  };
  return {
    value,
    faults: walk.faults,
    offsetOf: (path, atKey) => {
      const exact = walk.entries.get(keyOf(path));
      const entry = exact ?? nearest(path);
      // What is missing is told at the key of what it is missing in.
      if (entry === undefined) return 0;
      return atKey || exact === undefined ? (entry.keyOffset ?? entry.offset) : entry.offset;
    },
    writtenAt: (path) => walk.entries.get(keyOf(path))?.written ?? null,
    isFilled: (path) => walk.entries.get(keyOf(path))?.filled ?? false,
    isBroken: (path) => walk.broken.has(keyOf(path)),
  };
}

/** A value inside plain data, or undefined. Own keys only. */
export function valueAt(value: unknown, path: Path): unknown {
  let current = value;
  for (const step of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, step)) return undefined;
    current = (current as Record<string | number, unknown>)[step];
  }
  return current;
}
