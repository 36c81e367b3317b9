import { MASK } from '../../domain/body-mask.ts';

/** A body as it can be shown. */
export type ShownBody =
  | { kind: 'empty' }
  | { kind: 'json'; text: string; whole: boolean }
  | { kind: 'text'; text: string; whole: boolean }
  | { kind: 'binary'; text: string; whole: boolean };

/** More than this makes the browser slow; the rest can be downloaded. */
const SHOWN_CHARS = 200_000;
const SHOWN_BINARY_BYTES = 4_096;
const BYTES_PER_ROW = 16;

/** The bytes as they came, for beside the pretty form: text, or null for what is none. */
export function rawText(body: Uint8Array): { text: string; whole: boolean } | null {
  const text = utf8(body);
  if (text === null || text.includes('\0')) return null;
  return { text: text.slice(0, SHOWN_CHARS), whole: text.length <= SHOWN_CHARS };
}

/** Any bytes in hexadecimal. */
export const hexOf = (body: Uint8Array): { text: string; whole: boolean } => ({
  text: hexDump(body.subarray(0, SHOWN_BINARY_BYTES)),
  whole: body.length <= SHOWN_BINARY_BYTES,
});

/** Says what the bytes are by looking at them: a content type may be missing or wrong. */
export function shownBody(body: Uint8Array): ShownBody {
  if (body.length === 0) return { kind: 'empty' };
  const text = utf8(body);
  if (text === null || text.includes('\0')) {
    return { kind: 'binary', ...hexOf(body) };
  }
  const json = isJson(text) ? indented(text) : null;
  const shown = json ?? text;
  const whole = shown.length <= SHOWN_CHARS;
  return { kind: json === null ? 'text' : 'json', text: whole ? shown : shown.slice(0, SHOWN_CHARS), whole };
}

/** What became of a body that the route masks parts of: the relay says that it does, not whether there were any. */
export const maskWords = (body: Uint8Array): string =>
  utf8(body)?.includes(MASK) === true
    ? `What the route masks is shown as ${MASK}.`
    : 'The route masks parts of bodies; this one has none of them.';

function utf8(body: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    return null;
  }
}

function isJson(text: string): boolean {
  if (!/^\s*[{[]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** A string, a mark, or a number or word; the space between them is dropped. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/**
 * Valid JSON with line breaks. Works on the text, so that long numbers, repeated keys and escapes are shown as they came.
 */
function indented(json: string): string {
  const parts: string[] = [];
  let depth = 0;
  let last = '';
  const line = (): string => `\n${'  '.repeat(depth)}`;
  for (const [token] of json.matchAll(TOKEN)) {
    const opened = last === '{' || last === '[';
    if (token === '}' || token === ']') {
      depth -= 1;
      parts.push(opened ? token : line() + token);
    } else if (token === ',') parts.push(token);
    else if (token === ':') parts.push(': ');
    else parts.push(opened || last === ',' ? line() + token : token);
    if (token === '{' || token === '[') depth += 1;
    last = token;
  }
  return parts.join('');
}

/** Offset, bytes and their printable characters, 16 to a row. */
function hexDump(body: Uint8Array): string {
  const rows: string[] = [];
  for (let at = 0; at < body.length; at += BYTES_PER_ROW) {
    const row = [...body.subarray(at, at + BYTES_PER_ROW)];
    const hex = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const text = row.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
    rows.push(`${at.toString(16).padStart(6, '0')}  ${hex.padEnd(BYTES_PER_ROW * 3 - 1)}  ${text}`);
  }
  return rows.join('\n');
}
