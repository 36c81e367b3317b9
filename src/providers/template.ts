import { HookbayError } from '../domain/errors.ts';

/** A piece of a template: fixed text, or the name between the braces. */
export type TemplatePart = { kind: 'text'; text: string } | { kind: 'placeholder'; name: string };

export function badTemplate(text: string, message: string): HookbayError {
  return new HookbayError({
    code: 'bad_template',
    status: 422,
    message: `template '${text}': ${message}`,
    hint: 'a placeholder is a name in braces, for example {timestamp}.{body}',
  });
}

/**
 * Splits a template such as `{timestamp}.{body}`.
 * @throws HookbayError `bad_template` when a brace is not closed or a placeholder is not `known`
 */
export function parseTemplate(text: string, known: (name: string) => boolean): TemplatePart[] {
  const parts: TemplatePart[] = [];
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf('{', at);
    const until = open < 0 ? text.length : open;
    if (until > at) parts.push({ kind: 'text', text: text.slice(at, until) });
    if (open < 0) break;
    const close = text.indexOf('}', open);
    if (close < 0) throw badTemplate(text, 'a brace is not closed');
    const name = text.slice(open + 1, close);
    if (!known(name)) throw badTemplate(text, `unknown placeholder {${name}}`);
    parts.push({ kind: 'placeholder', name });
    at = close + 1;
  }
  return parts;
}

const PARAM = /\{param:([^}]*)\}/g;

/**
 * Puts parameters in the places of their `{param:name}`.
 * @throws HookbayError `bad_template` for one that is not known
 */
export function fillParams(text: string, params: Readonly<Record<string, string>>): string {
  return text.replaceAll(PARAM, (_, name: string) => {
    const value = Object.hasOwn(params, name) ? params[name] : undefined;
    if (value === undefined) throw badTemplate(text, `there is no parameter ${name}`);
    return value;
  });
}
