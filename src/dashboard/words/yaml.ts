/** Text that YAML would read as something else, or that would break a line, is quoted. */
const PLAIN = /^[A-Za-z0-9_./$[\](){}<>@+%^=~-][^:#\n\r\t"'\u0080-\u009f]*(?::(?! )[^:#\n\r\t"']*)*$/;
const READ_AS_OTHER = /^(?:true|false|null|yes|no|on|off|~|[-+]?[\d.]+(?:e[-+]?\d+)?)$|^[[\]{}>@%-]|[:\s]$/i;

/** Nothing that breaks a line, is not seen, or turns its neighbours around. */
const VISIBLE = /^[^\p{C}\p{Zl}\p{Zp}]*$/u;

/** Expressions hold quotes: they stand in single ones, without escapes. */
const quoted = (text: string): string =>
  /["\\]/.test(text) && VISIBLE.test(text) ? `'${text.replaceAll("'", "''")}'` : JSON.stringify(text);

const scalar = (value: unknown): string => {
  if (typeof value !== 'string') return String(value);
  return PLAIN.test(value) && !READ_AS_OTHER.test(value) ? value : quoted(value);
};

/** Several lines, or quotes of both kinds, as they are; null where that is not needed or would be read as something else. */
function block(value: unknown, indent: string): string | null {
  if (typeof value !== 'string' || !/^\S(.*\S)?\n?$/s.test(value)) return null;
  if (!value.includes('\n') && !(value.includes("'") && /["\\]/.test(value))) return null;
  const all = value.replace(/\n$/, '').split('\n');
  if (!all.every((line) => VISIBLE.test(line) && (line === '' || line.trim() !== ''))) return null;
  return [value.endsWith('\n') ? '|' : '|-', ...all.map((line) => (line === '' ? '' : `${indent}${line}`))].join('\n');
}

/** Inside of `[a, b]` more characters mean something. */
const inFlow = (value: unknown): string => (typeof value === 'string' && /[,[\]{}]/.test(value) ? quoted(value) : scalar(value));

const isPlain = (value: unknown): boolean => typeof value !== 'object' || value === null;

function lines(value: unknown, indent: string): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => listItem(item, indent));
  return Object.entries(value as object).flatMap(([key, item]) => {
    const name = `${indent}${scalar(key)}:`;
    if (isPlain(item)) return [`${name} ${block(item, `${indent}  `) ?? scalar(item)}`];
    if (Array.isArray(item) && item.every(isPlain)) return [`${name} [${item.map(inFlow).join(', ')}]`];
    const inner = lines(item, `${indent}  `);
    return inner.length === 0 ? [`${name} {}`] : [name, ...inner];
  });
}

function listItem(item: unknown, indent: string): string[] {
  if (isPlain(item)) return [`${indent}- ${block(item, `${indent}  `) ?? scalar(item)}`];
  const [first, ...rest] = lines(item, `${indent}  `);
  if (first === undefined) return [`${indent}- ${Array.isArray(item) ? '[]' : '{}'}`];
  return [`${indent}- ${first.trimStart()}`, ...rest];
}

/** Settings as their file writes them, to be read by people. What is not configured (null) is left out. */
export const yamlText = (value: object): string => lines(configured(value), '').join('\n');

function configured(value: unknown): unknown {
  if (isPlain(value) || Array.isArray(value)) return Array.isArray(value) ? value.map(configured) : value;
  const entries = Object.entries(value as object).filter(([, item]) => item !== null);
  return Object.fromEntries(entries.map(([key, item]) => [key, configured(item)]));
}
