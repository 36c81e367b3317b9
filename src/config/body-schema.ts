import { createRequire } from 'node:module';
import type { AnySchemaObject, ErrorObject } from 'ajv';

/** Says what of a body (parsed JSON, undefined when it is none) does not match, in a short text; null when all does. */
export type BodyCheck = (payload: unknown) => string | null;

export type CompiledSchema = { kind: 'compiled'; check: BodyCheck } | { kind: 'fault'; message: string };

type AjvClass = typeof import('ajv').default;

/** Loaded with the first schema: it takes 75 ms and 17 MB, and most configurations have none. */
const load = createRequire(import.meta.url);

const DRAFTS: Readonly<Record<string, { module: string; export: string }>> = {
  'https://json-schema.org/draft/2020-12/schema': { module: 'ajv/dist/2020.js', export: 'Ajv2020' },
  'http://json-schema.org/draft-07/schema': { module: 'ajv', export: 'Ajv' },
};
const DEFAULT_DRAFT = 'https://json-schema.org/draft/2020-12/schema';

const LONGEST_PATH = 120;
const LONGEST_FAULT = 200;

const fault = (message: string): CompiledSchema => ({ kind: 'fault', message });

/**
 * Compiles a JSON Schema, draft 2020-12 or, by its `$schema`, draft-07. Keywords that the draft does not have are faults,
 * since a misspelt one would let everything pass; `format` says nothing, as the drafts have it by default. Nothing is
 * fetched: a `$ref` leads inside the schema. A regular expression in `pattern` can take very long on a hostile text; it is the
 * operator's own, and only requests that were verified meet it.
 */
export function compileBodySchema(text: string): CompiledSchema {
  let schema: unknown;
  try {
    schema = JSON.parse(text);
  } catch {
    return fault('it is not JSON');
  }
  if (typeof schema === 'boolean') return fault('it takes everything or nothing');
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return fault('it is not a JSON Schema');
  const draft = '$schema' in schema ? String(schema.$schema).replace(/#$/, '') : DEFAULT_DRAFT;
  const known = Object.hasOwn(DRAFTS, draft) ? DRAFTS[draft] : undefined;
  if (known === undefined) return fault('its $schema is neither draft 2020-12 nor draft-07');
  const Ajv = load(known.module)[known.export] as AjvClass;
  // One fault is enough to decide, and looking for all of them lets a sender choose how long that takes.
  const options = { allErrors: false, strict: true, strictTypes: false, strictTuples: false, strictRequired: false } as const;
  try {
    const ajv = new Ajv({ ...options, validateFormats: false, logger: false });
    const validate = ajv.compile(schema as AnySchemaObject);
    if ('$async' in validate) return fault('$async is not for bodies');
    return {
      kind: 'compiled',
      check: (payload) => mismatch(payload, () => (validate(payload) ? null : (validate.errors ?? []))),
    };
  } catch (error) {
    return fault(error instanceof Error ? oneLine(error.message) : 'it cannot be compiled');
  }
}

function mismatch(payload: unknown, errorsOf: () => readonly ErrorObject[] | null): string | null {
  if (payload === undefined) return 'the body is not a JSON object or array';
  try {
    const errors = errorsOf();
    return errors === null ? null : describe(errors[0]);
  } catch {
    // A schema that refers to itself goes as deep as the body does.
    return 'the body is nested too deeply';
  }
}

/** The place in the body and what it must be. Names in it come from the sender. */
function describe(error: ErrorObject | undefined): string {
  if (error === undefined) return 'the body does not match';
  const place = error.instancePath === '' ? 'the body' : error.instancePath;
  const shown = place.length > LONGEST_PATH ? `${place.slice(0, LONGEST_PATH)}…` : place;
  const extra: unknown = error.params.additionalProperty;
  const named = typeof extra === 'string' ? `: ${JSON.stringify(extra)}` : '';
  return oneLine(`${shown} ${error.message ?? 'does not match'}${named}`);
}

function oneLine(text: string): string {
  return text.slice(0, LONGEST_FAULT).replace(/[\p{Cc}\u2028\u2029]/gu, '\uFFFD');
}
