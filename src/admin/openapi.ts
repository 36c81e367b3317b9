import { z } from 'zod';
import type { AnswerDoc, Endpoint } from './endpoint.ts';
import { endpoints } from './endpoints/all.ts';
import { problem } from './shapes.ts';

type Json = Record<string, unknown>;

const DEFINITIONS = '#/$defs/';
const COMPONENTS = '#/components/schemas/';

/** Collects named schemas while it turns zod schemas into JSON Schema. */
class Schemas {
  readonly components: Json = {};

  /** @param io which side of a transformation is on the wire: `input` for requests, `output` for answers */
  of(schema: z.ZodType, io: 'input' | 'output'): Json {
    const { $schema: _dialect, $defs: definitions, ...json } = z.toJSONSchema(schema, { io, override: withoutPattern }) as Json;
    for (const [name, definition] of Object.entries((definitions ?? {}) as Json)) this.#add(name, definition as Json);
    return moved(json);
  }

  #add(name: string, { id: _id, ...definition }: Json): void {
    this.components[name] = moved(definition);
  }
}

/** A format says it all to a reader; the pattern that zod adds to it is 200 characters long. */
function withoutPattern({ jsonSchema }: { jsonSchema: { format?: unknown; pattern?: unknown } }): void {
  if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
}

/** References point into the document's components instead of the schema's own definitions. */
function moved(schema: Json): Json {
  return JSON.parse(JSON.stringify(schema).replaceAll(`"${DEFINITIONS}`, `"${COMPONENTS}`)) as Json;
}

const IDEMPOTENCY_KEY: Json = {
  ...{ name: 'Idempotency-Key', in: 'header', required: false },
  description:
    'The same key with the same body within 24 hours gets the same answer, with `Idempotency-Replayed: true`, and nothing is done twice',
  schema: { type: 'string', minLength: 1, maxLength: 256 },
};

function parameters(endpoint: Endpoint, schemas: Schemas): Json[] {
  const inPath = [...endpoint.path.matchAll(/\{(\w+)\}/g)].map((match) => ({
    ...{ name: match[1], in: 'path', required: true, schema: { type: 'string' } },
  }));
  const inQuery = Object.entries(endpoint.query.shape).map(([name, schema]) => ({
    ...{ name, in: 'query', required: false, schema: schemas.of(schema, 'input') },
  }));
  return [...inPath, ...inQuery, ...(endpoint.idempotent === true ? [IDEMPOTENCY_KEY] : [])];
}

function answers(endpoint: Endpoint, schemas: Schemas): Json {
  const described = ({ description, schema, contentType }: AnswerDoc): Json =>
    schema === undefined
      ? { description }
      : { description, content: { [contentType ?? 'application/json']: { schema: schemas.of(schema, 'output') } } };
  const usual = endpoint.access === 'open' ? [] : [400, 401, 403];
  const refused = [...usual, ...(endpoint.problems ?? [])].map((status) => [
    status,
    { $ref: `#/components/responses/${status}` },
  ]);
  const given = Object.entries(endpoint.answers).map(([status, doc]) => [status, described(doc)]);
  return {
    ...Object.fromEntries(refused),
    ...Object.fromEntries(given),
    default: { $ref: '#/components/responses/default' },
  };
}

const PROBLEMS: Record<string, string> = {
  400: 'Something in the request is wrong; every fault is named',
  401: 'No token or session, or an unknown one',
  403: 'A request from another site, or a Host that is not this machine',
  404: 'There is no such thing',
  409: 'Not in its present state',
  410: 'It was deleted',
  422: 'Well formed, and yet not to be done: faults in the configuration, a callback that is refused, a key of another request',
  503: 'Not now; Retry-After says when',
  507: 'The disk has no room for it',
  429: 'Too many tries; Retry-After says how long to wait',
  default: 'Any other problem',
};

function problems(schemas: Schemas): Json {
  const content = { 'application/problem+json': { schema: schemas.of(problem, 'output') } };
  return Object.fromEntries(Object.entries(PROBLEMS).map(([name, description]) => [name, { description, content }]));
}

function operation(endpoint: Endpoint, schemas: Schemas): Json {
  const body = endpoint.body === null ? null : schemas.of(endpoint.body, 'input');
  return {
    operationId: `${endpoint.method}${endpoint.path.replace('/api/v1', '').replaceAll(/\W+(\w)?/g, (_all, first) => (first ?? '').toUpperCase())}`,
    summary: endpoint.summary,
    ...(endpoint.access === 'token' || endpoint.access === 'operator' ? {} : { security: [] }),
    parameters: parameters(endpoint, schemas),
    ...(body === null ? {} : { requestBody: { content: { 'application/json': { schema: body } } } }),
    responses: answers(endpoint, schemas),
  };
}

/** The OpenAPI 3.1 document, from the schemas that validate. @param version of the program */
export function openApiDocument(version: string): object {
  const schemas = new Schemas();
  const paths: Record<string, Json> = {};
  for (const one of endpoints) paths[one.path] = { ...paths[one.path], [one.method]: operation(one, schemas) };
  return {
    openapi: '3.1.0',
    info: { title: 'Hookbay admin API', version, license: { name: 'MIT', identifier: 'MIT' } },
    security: [{ token: [] }, { session: [] }],
    paths,
    components: {
      responses: problems(schemas),
      schemas: schemas.components,
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        session: { type: 'apiKey', in: 'cookie', name: 'hookbay_session' },
      },
    },
  };
}
