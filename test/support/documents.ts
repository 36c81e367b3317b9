import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/** A page of the documentation, by its path from the root of the repository. */
export const readPage = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** All pages that people read. */
export const PAGES = [
  'README.md',
  'SECURITY.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`),
].filter((path) => path.endsWith('.md'));

export interface Block {
  page: string;
  /** Of the fence that opens it, from 1. */
  line: number;
  language: string;
  text: string;
}

/** Code blocks of a page, also those that are set in. */
export function blocksOf(page: string): Block[] {
  const blocks: Block[] = [];
  let open: { line: number; language: string; indent: number; lines: string[] } | null = null;
  readPage(page)
    .split('\n')
    .forEach((line, i) => {
      const fence = /^( *)```(\w*)/.exec(line);
      if (fence === null) open?.lines.push(line.slice(open.indent));
      else if (open === null) open = { line: i + 1, language: fence[2] ?? '', indent: fence[1]?.length ?? 0, lines: [] };
      else {
        blocks.push({ page, line: open.line, language: open.language, text: open.lines.join('\n') });
        open = null;
      }
    });
  return blocks;
}

/** A command that a page tells its readers to run. */
export interface DocumentedCommand {
  /** Page and line. */
  place: string;
  text: string;
}

const PROGRAMS = 'hookbay|npm|node|npx|curl|docker|openssl|install|cp|systemctl|cat|export|echo|kill|sqlite3';
const COMMAND = new RegExp(`^(${PROGRAMS}) `);
const IN_TEXT = new RegExp(`\`((?:${PROGRAMS}) [^\`\\n]*)\``, 'g');

/** What stands in blocks of shell lines, in shown sessions, and in the text between them, in the order of the page. */
export function commandsOf(page: string): DocumentedCommand[] {
  const inBlocks = blocksOf(page)
    .filter(({ language }) => language === 'sh' || language === '')
    .flatMap(({ text, line }) =>
      commandLines(text).map(({ text: command, offset }) => ({ line: line + offset + 1, text: command })),
    );
  const inText = readPage(page)
    .split('\n')
    .flatMap((text, i) => [...text.matchAll(IN_TEXT)].map(([, command = '']) => ({ line: i + 1, text: command })));
  const all = [...inBlocks, ...inText].sort((a, b) => a.line - b.line);
  return all.map(({ line, text }) => ({ place: `${page}:${line}`, text }));
}

/** Lines that are continued and what is written to a file are one command. What a shown session answers is none. */
function commandLines(block: string): { text: string; offset: number }[] {
  const found: { text: string; offset: number }[] = [];
  const lines = block.split('\n').map((line) => line.replace(/^\$ /, ''));
  for (let offset = 0; offset < lines.length; offset += 1) {
    let text = lines[offset] ?? '';
    if (!COMMAND.test(text)) continue;
    const at = offset;
    const end = /<<'(\w+)'/.exec(text)?.[1];
    const isOpen = (): boolean => (end === undefined ? text.endsWith('\\') : !text.endsWith(`\n${end}`));
    while (isOpen() && offset + 1 < lines.length) {
      offset += 1;
      text += `\n${lines[offset]}`;
    }
    found.push({ text: text.replace(/ +# .*$/, ''), offset: at });
  }
  return found;
}
