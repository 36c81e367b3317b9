import { createHash } from 'node:crypto';

type Json = Record<string, unknown>;

interface Operation {
  summary: string;
  parameters?: { name: string; in: string; required: boolean; schema: Json }[];
  requestBody?: { content: Record<string, { schema: Json }> };
  responses: Record<string, { description?: string; $ref?: string; content?: Record<string, { schema?: Json }> }>;
}

interface OpenApi {
  info: { title: string; version: string };
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Json> };
}

const STYLE = `
:root{color-scheme:light dark;--edge:light-dark(#d8dde3,#39424d);--soft:light-dark(#f3f5f8,#1c2229);--link:light-dark(#0b5fbf,#7cb7ff)}
body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:60rem;padding:1.5rem;background:light-dark(#fff,#14181d);color:light-dark(#1b2129,#dde3ea)}
a{color:var(--link)}h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2.5rem}
h3{font:600 1rem ui-monospace,monospace;margin:2rem 0 .25rem;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%;margin:.5rem 0}th,td{text-align:left;vertical-align:top;padding:.3rem .6rem .3rem 0;border-bottom:1px solid var(--edge)}
td code,td a,li code{overflow-wrap:anywhere}
code,pre{font:.9em ui-monospace,monospace}pre{background:var(--soft);padding:.75rem;overflow-x:auto;border-radius:.4rem}
details{margin:.4rem 0}summary{cursor:pointer}nav{columns:2 18rem;margin:1rem 0}nav a{display:block;overflow-wrap:anywhere}
`;

/** The page carries its style inline, so the policy allows this one and nothing else: no script, no request. */
export const DOCS_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const text = (value: string): string => value.replaceAll(/[&<>"']/g, (char) => ESCAPES[char] ?? char);
/** Descriptions write names between backticks. */
const prose = (value: string): string => text(value).replaceAll(/`([^`]+)`/g, '<code>$1</code>');
const idOf = (method: string, path: string): string => `${method}${path.replaceAll(/[^A-Za-z0-9]+/g, '-')}`;
const schemaName = (ref: unknown): string | null => (typeof ref === 'string' ? (ref.split('/').at(-1) ?? null) : null);

/** The OpenAPI document as a page that people read. It holds nothing of this relay: only what the API is. */
export function docsPage(document: object): string {
  const { info, paths, components } = document as OpenApi;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const index = operations.map(
    ({ path, method }) => `<a href="#${idOf(method, path)}"><code>${method.toUpperCase()} ${text(path)}</code></a>`,
  );
  const schemas = Object.entries(components.schemas).map(
    ([name, schema]) => `<h3 id="schema-${text(name)}">${text(name)}</h3>${schemaText(schema)}`,
  );
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${text(info.title)}</title><style>${STYLE}</style></head><body>
<h1>${text(info.title)}</h1>
<p>Version ${text(info.version)}. Send <code>Authorization: Bearer TOKEN</code>. Lists are newest first; give <code>nextCursor</code> back as <code>cursor</code>. Errors are problem+json with a stable <code>code</code>. For programs: <a href="openapi.json">openapi.json</a> (needs the token).</p>
<nav aria-label="Operations">${index.join('')}</nav>
<h2>Operations</h2>${operations.map(operationText).join('')}
<h2>Shapes</h2>${schemas.join('')}
</body></html>`;
}

function operationText({ path, method, operation }: { path: string; method: string; operation: Operation }): string {
  const { summary, parameters = [], requestBody, responses } = operation;
  const rows = parameters.map(({ name, in: place, schema }) => {
    const { description, ...rest } = schema;
    const words = typeof description === 'string' ? `${prose(description)} ` : '';
    return `<tr><th scope="row"><code>${text(name)}</code></th><td>${place}</td><td>${words}<code>${text(shape(rest))}</code></td></tr>`;
  });
  const body = Object.values(requestBody?.content ?? {}).map(({ schema }) => `<p>Body:</p>${schemaText(schema)}`);
  const answers = Object.entries(responses)
    .filter(([status]) => /^[2]/.test(status))
    .map(([status, answer]) => `<li>${status}: ${prose(answer.description ?? '')} ${answerShape(answer.content)}</li>`);
  const problems = Object.keys(responses).filter((status) => /^[45]/.test(status));
  return [
    `<h3 id="${idOf(method, path)}">${method.toUpperCase()} ${text(path)}</h3><p>${prose(summary)}.</p>`,
    rows.length === 0 ? '' : `<table><tbody>${rows.join('')}</tbody></table>`,
    ...body,
    `<ul>${answers.join('')}${problems.length === 0 ? '' : `<li>Problems: ${problems.join(', ')}</li>`}</ul>`,
  ].join('');
}

function answerShape(content: Record<string, { schema?: Json }> | undefined): string {
  const [entry] = Object.entries(content ?? {});
  if (entry === undefined) return '';
  const [type, { schema }] = entry;
  const name = schemaName(schema?.$ref);
  if (name !== null) return `<a href="#schema-${text(name)}">${text(name)}</a>`;
  return schema === undefined || type !== 'application/json'
    ? `<code>${text(type)}</code>`
    : `<code>${text(shape(schema))}</code>`;
}

function schemaText(schema: Json): string {
  const properties = schema.properties as Record<string, Json> | undefined;
  if (properties === undefined) return `<pre>${text(shape(schema))}</pre>`;
  const required = new Set((schema.required ?? []) as string[]);
  const rows = Object.entries(properties).map(([name, property]) => {
    const { description, ...rest } = property;
    const words = typeof description === 'string' ? prose(description) : '';
    const ref = schemaName(rest.$ref);
    const kind = ref === null ? `<code>${text(shape(rest))}</code>` : `<a href="#schema-${text(ref)}">${text(ref)}</a>`;
    return `<tr><th scope="row"><code>${text(name)}</code>${required.has(name) ? '' : '?'}</th><td>${kind}</td><td>${words}</td></tr>`;
  });
  const words = typeof schema.description === 'string' ? `<p>${prose(schema.description)}</p>` : '';
  return `${words}<table><tbody>${rows.join('')}</tbody></table>`;
}

const LONGEST_SHAPE = 160;

/** A schema in one line, as one would write a type. */
function shape(schema: Json): string {
  const whole = written(schema);
  return whole.length <= LONGEST_SHAPE ? whole : `${whole.slice(0, LONGEST_SHAPE - 1)}…`;
}

function written(schema: Json): string {
  const name = schemaName(schema.$ref);
  if (name !== null) return name;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  for (const union of ['anyOf', 'oneOf', 'allOf']) {
    const members = schema[union];
    if (Array.isArray(members)) return [...new Set(members.map((member) => written(member as Json)))].join(' | ');
  }
  if (Array.isArray(schema.prefixItems)) return `[${schema.prefixItems.map((item) => written(item as Json)).join(', ')}]`;
  if (schema.type === 'array') return `${written((schema.items ?? {}) as Json)}[]`;
  if (schema.properties !== undefined) {
    const members = Object.entries(schema.properties as Record<string, Json>);
    return `{ ${members.map(([key, value]) => `${key}: ${written(value)}`).join(', ')} }`;
  }
  const type = Array.isArray(schema.type) ? schema.type.join(' | ') : String(schema.type ?? 'anything');
  return schema.format === undefined ? type : `${type} (${String(schema.format)})`;
}
