import { readFileSync, writeFileSync } from 'node:fs';
import { configJsonSchema, describeFile, type SchemaNode } from '../src/config/json-schema.ts';

/** Writes docs/configuration.md and docs/config.schema.json from the schema of the file: `npm run docs`. */

const DOCS = new URL('../docs/', import.meta.url);
const BEGIN = '<!-- Generated from src/config/schema.ts by `npm run docs`: what is below is not edited by hand. -->';

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

/** A definition and what a union in it offers. */
function branches(node: SchemaNode): SchemaNode[] {
  return [node, ...[...(node.anyOf ?? []), ...(node.oneOf ?? [])].flatMap(branches)];
}

function defaultText(node: SchemaNode, required: boolean): string {
  if (required) return '**required**';
  if (node.default === undefined || JSON.stringify(node.default) === '{}') return '';
  return `\`${typeof node.default === 'string' ? node.default : JSON.stringify(node.default)}\``;
}

function row(key: string, node: SchemaNode, required: boolean): string {
  const expected = node.expected ?? (node.const === undefined ? '' : `${node.const}`);
  return `| \`${key}\` | ${cell(expected)} | ${defaultText(node, required)} | ${cell(node.description ?? '')} |`;
}

/** One table for each object, and then the objects in it. */
function sections(path: string, node: SchemaNode): string[] {
  const all = branches(node);
  const own = all.flatMap((branch): string[] => {
    const keys = Object.entries(branch.properties ?? {});
    if (keys.length === 0) return [];
    const rows = keys.map(([key, inner]) => row(key, inner, branch.required?.includes(key) ?? false));
    const heading = path === '' ? '## The file' : `### \`${path}\``;
    return [[heading, '', '| key | expected | default | meaning |', '|---|---|---|---|', ...rows, ''].join('\n')];
  });
  const inner = all.flatMap((branch) => [
    ...Object.entries(branch.properties ?? {}).flatMap(([key, next]) => sections(path === '' ? key : `${path}.${key}`, next)),
    ...(typeof branch.additionalProperties === 'object' ? sections(`${path}.<name>`, branch.additionalProperties) : []),
  ]);
  return [...own, ...inner];
}

/** The reference page: what is written by hand above the mark, then the tables. */
export function referencePage(current: string): string {
  const end = current.indexOf(BEGIN);
  const intro = end < 0 ? current : current.slice(0, end);
  return `${intro.trimEnd()}\n\n${BEGIN}\n\n${sections('', describeFile()).join('\n').trimEnd()}\n`;
}

/** The published JSON Schema, as text. */
export function schemaFile(): string {
  return `${JSON.stringify(configJsonSchema(), null, 2)}\n`;
}

function writeDocs(): void {
  const page = new URL('configuration.md', DOCS);
  writeFileSync(page, referencePage(readFileSync(page, 'utf8')));
  writeFileSync(new URL('config.schema.json', DOCS), schemaFile());
}

if (import.meta.main) writeDocs();
