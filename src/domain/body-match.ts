/** What a body is searched for: a text anywhere in it, or a JSON value that it has to contain. */
export type BodyQuery = { kind: 'text'; text: string } | { kind: 'json'; value: object };

/** A text that is a JSON object or list is searched for as such, any other one as it stands. */
export function parseBodyQuery(text: string): BodyQuery {
  const trimmed = text.trim();
  if (!/^[{[]/.test(trimmed)) return { kind: 'text', text };
  try {
    return { kind: 'json', value: JSON.parse(trimmed) as object };
  } catch {
    return { kind: 'text', text };
  }
}

/**
 * Whether a value contains another: of an object every member that is asked for, of a list for every item that is asked for
 * one that contains it, in any order; everything else by being the same. What is asked for may lie at any depth.
 */
export function containsJson(value: unknown, wanted: object): boolean {
  if (matches(value, wanted)) return true;
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some((member) => containsJson(member, wanted));
}

function matches(value: unknown, wanted: unknown): boolean {
  if (typeof wanted !== 'object' || wanted === null) return value === wanted;
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(wanted)) {
    return Array.isArray(value) && wanted.every((item) => value.some((each) => matches(each, item)));
  }
  if (Array.isArray(value)) return false;
  return Object.entries(wanted).every(
    ([name, member]) => Object.hasOwn(value, name) && matches((value as Record<string, unknown>)[name], member),
  );
}
