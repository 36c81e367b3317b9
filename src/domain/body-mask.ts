/** Stands where a value is not shown. */
export const MASK = '***';

/** One step into a document: a key, a place in a list, or any of either. */
type Step = { kind: 'key'; key: string } | { kind: 'index'; index: number } | { kind: 'any' };

/** A place, or many, in a JSON document. */
export type MaskPath = readonly Step[];

const STEP = /(?:^|(?<!^)\.)(\*|[^.[\]*\s"'`]+)|\[(\*|\d{1,9})\]/y;

/** Reads `payload.user.email`, `items[*].card`, `rows[0]`, `*.secret`. @returns null for anything else */
export function parseMaskPath(text: string): MaskPath | null {
  const steps: Step[] = [];
  STEP.lastIndex = 0;
  while (STEP.lastIndex < text.length) {
    const found = STEP.exec(text);
    if (found === null) return null;
    const [, key, index] = found;
    if (key === '*' || index === '*') steps.push({ kind: 'any' });
    else if (key !== undefined) steps.push({ kind: 'key', key });
    else steps.push({ kind: 'index', index: Number(index) });
  }
  return steps.length === 0 ? null : steps;
}

/** Past this a document is not masked but hidden: 2 MiB take about 30 ms, and others wait meanwhile. */
const LARGEST_MASKED = 2 * 1024 * 1024;

const MASK_JSON = JSON.stringify(MASK);

/**
 * A JSON text with the values at the paths replaced. Works on the text, so that all else stays as it came: order, spaces,
 * long numbers, members that come twice, keys like `__proto__`.
 * @returns null when it is no JSON or too large: then nothing of it may be shown
 */
export function maskJson(text: string, paths: readonly MaskPath[]): string | null {
  if (text.length > LARGEST_MASKED) return null;
  try {
    JSON.parse(text);
  } catch {
    return null;
  }
  return new Masker(text, paths).run();
}

/** How far a path leads: its steps before `at` do. */
interface Trail {
  path: MaskPath;
  at: number;
}

interface Frame {
  isList: boolean;
  trails: readonly Trail[];
  /** Of the item to come. */
  index: number;
  /** Of the member to come; null before its key. */
  key: string | null;
}

/** Goes through valid JSON token by token, with a stack of its own: depth is the sender's choice. */
class Masker {
  readonly #text: string;
  readonly #parts: string[] = [];
  readonly #stack: Frame[] = [];
  readonly #root: readonly Trail[];
  /** Up to here the text is in the parts, or left out. */
  #copied = 0;
  /** How deep inside a list or object that is masked. */
  #hidden = 0;

  constructor(text: string, paths: readonly MaskPath[]) {
    this.#text = text;
    this.#root = paths.map((path) => ({ path, at: 0 }));
  }

  run(): string {
    for (let at = nextToken(this.#text, 0); at < this.#text.length; ) {
      const end = tokenEnd(this.#text, at);
      if (this.#hidden > 0) this.#skip(at, end);
      else this.#take(at, end);
      at = nextToken(this.#text, end);
    }
    return this.#parts.join('') + this.#text.slice(this.#copied);
  }

  #skip(at: number, end: number): void {
    const char = this.#text[at];
    if (char === '{' || char === '[') this.#hidden += 1;
    else if (char === '}' || char === ']') this.#hidden -= 1;
    if (this.#hidden === 0) this.#copied = end;
  }

  #take(at: number, end: number): void {
    const frame = this.#stack.at(-1);
    const char = this.#text[at];
    if (char === ':') return;
    if (char === '}' || char === ']') this.#stack.pop();
    else if (char === ',') advance(frame);
    else if (frame !== undefined && !frame.isList && frame.key === null) frame.key = nameOf(this.#text.slice(at, end));
    else this.#value(at, end, frame === undefined ? this.#root : stepped(frame));
  }

  /** @param trails what leads here */
  #value(at: number, end: number, trails: readonly Trail[]): void {
    const char = this.#text[at];
    const opens = char === '{' || char === '[';
    if (trails.some(({ path, at: step }) => step === path.length)) {
      this.#parts.push(this.#text.slice(this.#copied, at), MASK_JSON);
      this.#copied = end;
      if (opens) this.#hidden = 1;
    } else if (opens) {
      this.#stack.push({ isList: char === '[', trails, index: 0, key: null });
    }
  }
}

const SPACE = ' \t\n\r';
const STRUCTURE = '{}[],:';

function nextToken(text: string, from: number): number {
  let at = from;
  while (at < text.length && SPACE.includes(text.charAt(at))) at += 1;
  return at;
}

/** By hand, because a regular expression keeps a mark for each character of a string, and strings can be long. */
function tokenEnd(text: string, from: number): number {
  const first = text.charAt(from);
  if (STRUCTURE.includes(first)) return from + 1;
  let at = from + 1;
  if (first === '"') {
    while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
    return at + 1;
  }
  while (at < text.length && !STRUCTURE.includes(text.charAt(at)) && !SPACE.includes(text.charAt(at))) at += 1;
  return at;
}

function advance(frame: Frame | undefined): void {
  if (frame === undefined) return;
  frame.key = null;
  frame.index += 1;
}

/** The key that a string stands for; `\u0065mail` is `email`. */
const nameOf = (token: string): string => (token.includes('\\') ? String(JSON.parse(token)) : token.slice(1, -1));

function stepped({ isList, trails, index, key }: Frame): Trail[] {
  const leads = (step: Step | undefined): boolean => {
    if (step === undefined) return false;
    switch (step.kind) {
      case 'any':
        return true;
      case 'index':
        return isList && step.index === index;
      case 'key':
        return isList ? step.key === String(index) : step.key === key;
      default:
        return step satisfies never;
    }
  };
  return trails.filter(({ path, at }) => leads(path[at])).map(({ path, at }) => ({ path, at: at + 1 }));
}
