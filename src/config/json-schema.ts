import * as z from 'zod';
import type { Path } from './fault.ts';
import { fileSchema } from './schema.ts';

/** The part of JSON Schema that describes the configuration; `expected` is ours and is left out of what is published. */
export interface SchemaNode {
  title?: string;
  description?: string;
  expected?: string;
  default?: unknown;
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  pattern?: string;
  properties?: Record<string, SchemaNode>;
  required?: string[];
  additionalProperties?: SchemaNode | boolean;
  items?: SchemaNode;
  anyOf?: SchemaNode[];
  oneOf?: SchemaNode[];
}

let described: SchemaNode | undefined;

/** The definition of the file as a tree, with what is expected at each place. */
export function describeFile(): SchemaNode {
  described ??= z.toJSONSchema(fileSchema, { io: 'input' }) as SchemaNode;
  return described;
}

function branches(node: SchemaNode): SchemaNode[] {
  const inner = [...(node.anyOf ?? []), ...(node.oneOf ?? [])];
  return [node, ...inner.flatMap(branches)];
}

function step(node: SchemaNode, key: string | number): SchemaNode[] {
  return branches(node).flatMap((branch) => {
    if (typeof key === 'number') return branch.items ?? [];
    const known = branch.properties?.[key];
    if (known !== undefined) return known;
    return typeof branch.additionalProperties === 'object' ? branch.additionalProperties : [];
  });
}

/** Every definition that may apply at a path. */
function nodesAt(path: Path): SchemaNode[] {
  return path.reduce<SchemaNode[]>((nodes, key) => nodes.flatMap((node) => step(node, key)), [describeFile()]);
}

/** The keys that an object at this path may have. */
export function knownKeys(path: Path): string[] {
  return [...new Set(nodesAt(path).flatMap((node) => branches(node).flatMap((branch) => Object.keys(branch.properties ?? {}))))];
}

/** What is expected at this path, for people. */
export function expectedAt(path: Path): string | undefined {
  return nodesAt(path)
    .flatMap(branches)
    .find((node) => node.expected !== undefined)?.expected;
}

/** Any value may be a placeholder, which no pattern of ours describes. */
const PLACEHOLDER = '\\$\\{';

function published(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(published);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).flatMap(([key, inner]): [string, unknown][] => {
    if (key === 'expected' && typeof inner === 'string') return [];
    if (key === 'pattern' && typeof inner === 'string') return [[key, `${inner}|${PLACEHOLDER}`]];
    if (key === 'propertyNames') return [[key, inner]];
    return [[key, published(inner)]];
  });
  return Object.fromEntries(entries);
}

/** The JSON Schema (draft 2020-12) of the configuration file, for editors. */
export function configJsonSchema(): Record<string, unknown> {
  const schema = published(describeFile()) as Record<string, unknown>;
  return { title: 'Hookbay configuration', ...schema };
}
