import { type Document, LineCounter, parseDocument, type YAMLError } from 'yaml';
import type { FaultCode } from './fault.ts';

/** A fault by its place in the text. */
export interface SourceFault {
  offset: number;
  code: FaultCode;
  message: string;
  expected: string;
}

export interface Source {
  document: Document;
  positionOf(offset: number): { line: number; column: number };
  faults: SourceFault[];
  /** Whether the tree can be trusted apart from the faults: repeated keys do not break it, other faults do. */
  whole: boolean;
  /** Where unquoted placeholders begin. */
  unquoted: readonly number[];
}

/** Own texts, because the parser's quote the file, and a file may hold secrets. */
const SYNTAX: Partial<Record<YAMLError['code'], readonly [message: string, expected: string]>> = {
  BAD_INDENT: ['this line is indented wrongly', 'the same indentation as the lines beside it'],
  TAB_AS_INDENT: ['a tab is used for indentation', 'spaces'],
  MISSING_CHAR: ['a quote, bracket or comma is missing', 'the closing character'],
  BAD_SCALAR_START: ['a value begins with a character that YAML reserves', 'the value in quotes'],
  BAD_DQ_ESCAPE: ['an escape in a double-quoted text is not valid', "a valid escape, or single quotes: '…'"],
  BLOCK_AS_IMPLICIT_KEY: [
    'a `key: value` stands where only a value can',
    'each key on a line of its own, or the value in quotes',
  ],
  MULTIPLE_DOCS: ['the file holds more than one document', 'one document, without a second `---`'],
  NON_STRING_KEY: ['a key is not a text', 'a plain name'],
  BAD_ALIAS: ['an alias (*name) names no anchor (&name) before it', 'an anchor above it, or quotes around the value'],
  TAG_RESOLVE_FAILED: ['a tag (!name) is not known here', 'the value without a tag, or in quotes'],
};

/** More than one unquoted placeholder is found by masking the ones before; this many are looked for. */
const MOST_UNQUOTED = 100;

function parse(text: string, lines: LineCounter): Document {
  return parseDocument(text, { lineCounter: lines, prettyErrors: false, version: '1.2', uniqueKeys: true, logLevel: 'error' });
}

/** YAML reads an unquoted `${X}` inside `{ }` or `[ ]` as `$` and a mapping: the error stands on the brace. */
function unquotedAt(document: Document, text: string): number | undefined {
  // An error may stand on the first character, and `startsWith` takes an offset before it for 0.
  return document.errors.map((error) => error.pos[0] - 1).find((offset) => offset >= 0 && text.startsWith('${', offset));
}

function mask(text: string, offset: number): string {
  const length = /^\$\{[^}\r\n]*\}?/.exec(text.slice(offset))?.[0].length ?? 2;
  return text.slice(0, offset) + '_'.repeat(length) + text.slice(offset + length);
}

function faultOf(error: YAMLError): SourceFault {
  if (error.code === 'DUPLICATE_KEY') {
    return { offset: error.pos[0], code: 'duplicate_key', message: 'this key is here twice', expected: 'each key once' };
  }
  const [message, expected] = SYNTAX[error.code] ?? ['this is not valid YAML', 'YAML: `key: value`, indented by spaces'];
  return { offset: error.pos[0], code: error.code === 'BAD_ALIAS' ? 'bad_alias' : 'syntax', message, expected };
}

/**
 * One fault for one place. A line that is indented too deeply is, to YAML, a part of the value before it, and told twice
 * there: the place to look at is the line where that second fault ends.
 */
function faultsOf(errors: readonly YAMLError[], text: string): SourceFault[] {
  const byPlace = Map.groupBy(errors, (error) => error.pos[0]);
  return [...byPlace.values()].flatMap((together): SourceFault[] => {
    const continued = together.find(({ code }) => code === 'MULTILINE_IMPLICIT_KEY');
    const isIndent = continued !== undefined && together.some(({ code }) => code === 'BLOCK_AS_IMPLICIT_KEY');
    const [message, expected] = SYNTAX.BAD_INDENT ?? [];
    if (isIndent && message !== undefined && expected !== undefined) {
      return [{ offset: indentedAt(text, continued.pos[1]), code: 'syntax', message, expected }];
    }
    return together.slice(0, 1).map(faultOf);
  });
}

/** Where the text of the line begins in which a range ends. */
function indentedAt(text: string, end: number): number {
  const start = text.lastIndexOf('\n', end - 1) + 1;
  return start + (/^[ \t]*/.exec(text.slice(start))?.[0].length ?? 0);
}

/** Parses the text. Never throws; every syntax fault is in `faults`, an unquoted placeholder with a fault of its own. */
export function parseSource(text: string): Source {
  const lines = new LineCounter();
  const unquoted: number[] = [];
  let masked = text;
  let document = parse(masked, lines);
  let next = unquotedAt(document, masked);
  while (next !== undefined && unquoted.length < MOST_UNQUOTED) {
    unquoted.push(next);
    masked = mask(masked, next);
    document = parse(masked, new LineCounter());
    next = unquotedAt(document, masked);
  }
  const errors = [...document.errors, ...document.warnings];
  const placeholders = unquoted.map(
    (offset): SourceFault => ({
      offset,
      code: 'unquoted_placeholder',
      message: 'a placeholder inside { } or [ ] must be quoted: YAML takes its braces for a mapping',
      expected: 'quotes around the whole value: "${…}"',
    }),
  );
  return {
    document,
    positionOf: (offset) => {
      const { line, col } = lines.linePos(offset);
      return { line: Math.max(line, 1), column: Math.max(col, 1) };
    },
    faults: [...placeholders, ...faultsOf(errors, masked)],
    whole: errors.every((error) => error.code === 'DUPLICATE_KEY'),
    unquoted,
  };
}
