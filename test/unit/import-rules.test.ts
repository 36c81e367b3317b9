import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const tool = (name: string): string => join(root, 'node_modules/.bin', name);

/** Each file breaks exactly the rules named; type-only imports count like any other, a cycle is told at its first file. */
const files: Record<string, { source: string; breaks: string[] }> = {
  'src/main.ts': { source: "import process from 'node:process';\nimport './relay.ts';\nprocess.exit();", breaks: [] },
  'src/relay.ts': { source: "import './ingest/a.ts';\nimport './store/a.ts';\nimport './deliver/a.ts';", breaks: [] },
  'src/ingest/a.ts': { source: "import { fsync } from '../store/a.ts';\nfsync();", breaks: ['parts-stand-apart'] },
  'src/store/a.ts': {
    source: "import type { B } from '../deliver/b.ts';\nexport const fsync = (): B | null => null;",
    breaks: ['parts-stand-apart'],
  },
  'src/deliver/a.ts': { source: "export type { C } from '../ingest/c.ts';", breaks: ['parts-stand-apart'] },
  'src/deliver/b.ts': {
    source: "import type { Express } from 'express';\nexport type B = Express;",
    breaks: ['express-in-admin'],
  },
  'src/ingest/c.ts': {
    source: "import { request } from 'undici';\nexport type C = typeof request;",
    breaks: ['undici-in-deliver'],
  },
  'src/store/postgres.ts': { source: "import Database from 'better-sqlite3';\nnew Database();", breaks: ['sqlite-in-store'] },
  'src/store/builtin.ts': {
    source: "import { DatabaseSync } from 'node:sqlite';\nnew DatabaseSync('');",
    breaks: ['sqlite-in-store'],
  },
  'src/store/sqlite/open.ts': { source: "import Database from 'better-sqlite3';\nnew Database();", breaks: [] },
  'src/deliver/fetch.ts': { source: "export const got = () => import('got');", breaks: ['got-at-the-edge'] },
  'src/cli/got.ts': { source: "import got from 'got';\ngot('');", breaks: [] },
  'src/admin/env.ts': { source: "import { env } from 'node:process';\nenv.HOME;", breaks: ['process-in-main'] },
  'src/domain/id.ts': { source: "import { createHash } from 'node:crypto';\ncreateHash('');", breaks: ['domain-is-pure'] },
  'src/domain/state.ts': { source: "import type { B } from '../cli/got.ts';\nexport type D = B;", breaks: ['domain-is-pure'] },
  'src/config/left-over.ts': { source: 'export const nobody = 1;', breaks: ['no-orphans'] },
  'src/config/one.ts': { source: "import { two } from './two.ts';\nexport const one = () => two;", breaks: ['no-cycles'] },
  'src/config/two.ts': { source: "import { one } from './one.ts';\nexport const two = () => one;", breaks: [] },
  'src/config/lost.ts': { source: "import './nowhere.ts';", breaks: ['no-unknown-modules'] },
  'src/admin/fake.ts': { source: "import '../../test/support/fake.ts';", breaks: ['program-ships-alone'] },
  'src/admin/model.ts': { source: "import fc from 'fast-check';\nfc.integer();", breaks: ['no-development-packages'] },
  'src/admin/page.ts': { source: "import '../dashboard/page.ts';", breaks: ['page-stands-apart'] },
  'src/dashboard/page.ts': { source: "import '../cli/got.ts';", breaks: ['page-takes-pure-rules-only'] },
  'test/support/fake.ts': { source: 'export const fake = 1;', breaks: [] },
};

interface Report {
  summary: { violations: { rule: { name: string }; from: string }[] };
}

function broken(folder: string): Map<string, Set<string>> {
  const result = spawnSync(tool('depcruise'), ['--config', '.dependency-cruiser.mjs', '--output-type', 'json', 'src'], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const report = JSON.parse(result.stdout) as Report;
  const rules = new Map<string, Set<string>>();
  for (const { rule, from } of report.summary.violations) rules.set(from, (rules.get(from) ?? new Set()).add(rule.name));
  return rules;
}

describe('the import rules', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hookbay-imports-'));
  let rules: Map<string, Set<string>>;

  beforeAll(() => {
    for (const [path, { source }] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), source);
    }
    for (const name of ['.dependency-cruiser.mjs', 'package.json', 'node_modules'])
      symlinkSync(join(root, name), join(folder, name));
    rules = broken(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  for (const [path, { breaks }] of Object.entries(files)) {
    it(`${path} breaks ${breaks.join(', ') || 'none'}`, () => {
      expect([...(rules.get(path) ?? [])]).toEqual(breaks);
    });
  }

  it('has a wrong import above for every rule there is', async () => {
    const { default: config } = (await import(join(root, '.dependency-cruiser.mjs'))) as {
      default: { forbidden: { name: string }[] };
    };
    const proven = new Set(Object.values(files).flatMap((file) => file.breaks));
    expect(config.forbidden.map((rule) => rule.name).filter((name) => !proven.has(name))).toEqual([]);
  });
});

describe('the ban on globals', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hookbay-globals-'));
  const lint = (path: string, source: string): number | null => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), source);
    return spawnSync(tool('biome'), ['lint', '--vcs-enabled=false', path], { cwd: folder }).status;
  };

  beforeAll(() => symlinkSync(join(root, 'biome.json'), join(folder, 'biome.json')));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('keeps `process` in src/main.ts', () => {
    expect(lint('src/ingest/any.ts', 'process.exit();\n')).toBe(1);
    expect(lint('src/main.ts', 'process.exit();\n')).toBe(0);
  });

  it('keeps `console` out of the program', () => {
    expect(lint('src/ingest/any.ts', 'console.log(1);\n')).toBe(1);
    expect(lint('src/ingest/any.ts', 'export const one = 1;\n')).toBe(0);
  });
});
