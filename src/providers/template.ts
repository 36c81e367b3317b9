import { HookbayError } from '../domain/errors.ts';

/** A piece of a template: fixed text, or the name between the braces. */
export type TemplatePart = { kind: 'text'; text: string } | { kind: 'placeholder'; name: string };

function badTemplate(text: string, message: string): HookbayError {
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

/** A piece of a signed message: fixed bytes, or what the request brings. */
export type MessagePart = Buffer | 'timestamp' | 'body';

/**
 * Prepares the template of a signed message; it must cover the body.
 * @throws HookbayError `bad_template`
 */
export function parseMessage(text: string): MessagePart[] {
  const parts = parseTemplate(text, (name) => name === 'timestamp' || name === 'body').map((part): MessagePart => {
    if (part.kind === 'text') return Buffer.from(part.text);
    return part.name === 'body' ? 'body' : 'timestamp';
  });
  if (!parts.includes('body')) throw badTemplate(text, 'the signed message does not cover {body}');
  return parts;
}
