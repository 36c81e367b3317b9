/** Names of fields and headers whose value is never written, at whatever depth they stand. */
const SENSITIVE_NAMES: readonly string[] = [
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'x-knowledgesdk-webhook-token',
  'x-knowledgesdk-signature',
  'x-hook-secret',
  'x-api-key',
  'token',
  'tokens',
  'secret',
  'secrets',
  'password',
  'bearer',
  'verificationToken',
  'verification_token',
  'verifyToken',
  'hmac',
  'hmacSecrets',
  'signingSecrets',
];

/** Names, and how they show up in a line: as the name of a member, or first in a pair of a list of headers. */
class Names {
  readonly #lower: ReadonlySet<string>;
  readonly #inLine: RegExp;

  constructor(names: readonly string[]) {
    this.#lower = new Set(names.map((name) => name.toLowerCase()));
    this.#inLine = new RegExp(`"(?:${names.map((name) => name.replaceAll(/[^\w-]/g, '\\$&')).join('|')})"[:,]`, 'i');
  }

  has(name: string): boolean {
    return this.#lower.has(name.toLowerCase());
  }

  mayBeIn(line: string): boolean {
    return this.#inLine.test(line);
  }
}

const HIDDEN = '[hidden]';

/** Shorter secrets would blot out ordinary words, and protect nothing anyway. */
const SHORTEST_SECRET = 6;

/** A secret as it may show up: as it is, inside a URL, or as the password of basic authentication. */
function spellings(secret: string): string[] {
  const encoded = secret.isWellFormed() ? encodeURIComponent(secret) : secret;
  return encoded === secret ? [secret] : [secret, encoded];
}

/**
 * Hides the values of sensitive names in a JSON line, and every configured secret wherever it stands. The line stays
 * JSON, also when a secret looks like a part of its syntax. Done on the finished line because that costs one search:
 * a whole line takes 3 to 9 µs, with pino's redaction by paths it took 90 to 170 µs, and paths reach only the depths that
 * are written out.
 * @param redacted headers whose values the configuration masks; the same list until it changes
 */
export function createCensor(secrets: () => readonly string[], redacted: () => readonly string[]): (line: string) => string {
  let masked = redacted();
  let names = new Names([...SENSITIVE_NAMES, ...masked]);
  let known: readonly string[] | null = null;
  let needles: { plain: string; json: string }[] = [];
  return (line) => {
    if (redacted() !== masked) {
      masked = redacted();
      names = new Names([...SENSITIVE_NAMES, ...masked]);
    }
    const current = secrets();
    if (current !== known) {
      known = current;
      needles = current
        .filter((secret) => secret.length >= SHORTEST_SECRET)
        .flatMap(spellings)
        // Longest first: one secret may begin with another.
        .sort((a, b) => b.length - a.length)
        .map((plain) => ({ plain, json: JSON.stringify(plain).slice(1, -1) }));
    }
    if (!names.mayBeIn(line) && !needles.some(({ json }) => line.includes(json))) return line;
    const hide = (text: string): string => needles.reduce((rest, { plain }) => rest.replaceAll(plain, HIDDEN), text);
    return censored(line, hide, names);
  };
}

/** Taking the line apart costs time, but only few lines come here. */
function censored(line: string, hide: (text: string) => string, names: Names): string {
  try {
    return `${JSON.stringify(hideIn(JSON.parse(line), hide, names))}\n`;
  } catch {
    return hide(line);
  }
}

function hideIn(value: unknown, hide: (text: string) => string, names: Names): unknown {
  if (typeof value === 'string') return hide(value);
  if (typeof value === 'number') return hide(String(value)) === String(value) ? value : HIDDEN;
  if (Array.isArray(value))
    return isSensitivePair(value, names) ? [value[0], HIDDEN] : value.map((item) => hideIn(item, hide, names));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [hide(key), names.has(key) ? HIDDEN : hideIn(item, hide, names)]),
  );
}

function isSensitivePair(list: unknown[], names: Names): boolean {
  const [name] = list;
  return list.length === 2 && typeof name === 'string' && names.has(name);
}

/** DEL, the C1 controls and the Unicode line breaks, which JSON leaves as they are and terminals may obey. */
const UNSAFE = /[\u007f-\u009f\u2028\u2029]/g;

/** Writes them as JSON escapes: the line stays the same JSON. */
export function escapeControls(line: string): string {
  return line.replace(UNSAFE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
