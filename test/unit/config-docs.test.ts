import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { referencePage, schemaFile } from '../../scripts/config-docs.ts';
import { configJsonSchema, describeFile, type SchemaNode } from '../../src/config/json-schema.ts';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

function branches(node: SchemaNode): SchemaNode[] {
  return [node, ...[...(node.anyOf ?? []), ...(node.oneOf ?? [])].flatMap(branches)];
}

/** Every key of the file with its place, and what is said about it. */
function keys(node: SchemaNode, path: string): [string, SchemaNode][] {
  return branches(node).flatMap((branch) => [
    ...Object.entries(branch.properties ?? {}).flatMap(([key, inner]): [string, SchemaNode][] => [
      [`${path}.${key}`, inner],
      ...keys(inner, `${path}.${key}`),
    ]),
    ...(typeof branch.additionalProperties === 'object' ? keys(branch.additionalProperties, `${path}.*`) : []),
    ...(branch.items === undefined ? [] : keys(branch.items, `${path}[]`)),
  ]);
}

const all = keys(describeFile(), '');

test('the pages are those that `npm run docs` writes', () => {
  const page = read('docs/configuration.md');
  expect(referencePage(page)).toBe(page);
  expect(schemaFile()).toBe(read('docs/config.schema.json'));
});

test('every key is described, and the example shows it', () => {
  const example = read('config.example.yaml');
  expect(all.length).toBeGreaterThan(40);
  expect(all.filter(([, node]) => !node.description).map(([path]) => path)).toEqual([]);
  expect(all.map(([path]) => path.split('.').at(-1) ?? '').filter((key) => !new RegExp(`\\b${key}:`).test(example))).toEqual([]);
});

describe('the JSON Schema', () => {
  const schema = z.fromJSONSchema(configJsonSchema() as z.core.JSONSchema.JSONSchema);
  const example = parse(read('config.example.yaml'));

  test('accepts the example', () => {
    expect(schema.safeParse(example).error?.issues).toBeUndefined();
  });

  test('accepts placeholders where a pattern stands', () => {
    expect(schema.safeParse({ ...example, listen: '${LISTEN}', limits: { body: '${BODY:-1MiB}' } }).success).toBe(true);
  });

  test.each([
    ['an unknown key', { ...example, lisen: 'x' }],
    ['a wrong duration', { ...example, targets: { app: { url: 'http://a/', timeout: 'soon' } } }],
    ['a route without verify', { ...example, routes: { a: { path: '/a', deliver: 'app' } } }],
    ['no routes', { listen: '0.0.0.0:80' }],
  ])('refuses %s', (_name, file) => {
    expect(schema.safeParse(file).success).toBe(false);
  });
});
