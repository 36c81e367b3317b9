import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { loadConfig } from '../../src/config/load.ts';
import { fileSchema } from '../../src/config/schema.ts';
import { hookbay } from '../support/command-line.ts';
import { type Block, blocksOf, PAGES, readPage } from '../support/documents.ts';
import { exampleEnvironment } from '../support/provider-secrets.ts';

const blocks = PAGES.flatMap(blocksOf);
const named = (list: readonly Block[]): [string, Block][] => list.map((block) => [`${block.page}:${block.line}`, block]);

/** Top-level keys of files that are not Hookbay's. */
const FOREIGN = ['http', 'scrape_configs', 'services', 'groups', 'apiVersion'];
const KNOWN = Object.keys(fileSchema.shape);
const ROUTE_KEYS = ['path', 'verify', 'deliver', 'dedup', 'schema', 'respond', 'handshake', 'mode', 'deadline'];
/** They are loaded by tests of their own. */
const HAVE_TESTS = ['docs/providers.md', 'docs/rules.md'];
const KEY = randomBytes(32).toString('base64');
const STUB_ROUTE = { path: '/stub', verify: 'none', deliver: 'stub' };

/** What a handshake is configured for: its provider. */
function verifyFor({ handshake }: Record<string, unknown>): object {
  if (handshake === undefined) return {};
  const asks = JSON.stringify(handshake).includes('topic') ? 'websub' : 'meta';
  return { verify: { provider: asks, secret: 'a-secret-that-is-long-enough' } };
}

/** A part of a configuration, made whole with a target and a route of no interest. */
function whole(part: Record<string, unknown>): Record<string, unknown> {
  const { routes = {}, targets = {}, ...rest } = part as { routes?: object; targets?: object };
  return { ...rest, targets: { stub: { url: 'http://stub/' }, ...targets }, routes: { stub: STUB_ROUTE, ...routes } };
}

/** Lines of which each has the same key are to be chosen from. */
function partsOf(text: string): string[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const keys = lines.map((line) => /^\w+(?=:)/.exec(line)?.[0]);
  return keys.length > 1 && keys.every((key) => key !== undefined) && new Set(keys).size < keys.length ? lines : [text];
}

describe('configurations in the documents', () => {
  const yaml = blocks.filter(({ language, page }) => language === 'yaml' && !HAVE_TESTS.includes(page));

  it('are there', () => expect(yaml.length).toBeGreaterThan(8));

  it.each(
    named(yaml).flatMap(([place, block]) => partsOf(block.text).map((text, i) => [`${place}.${i}`, { ...block, text }] as const)),
  )('%s loads', (_place, { text, page }) => {
    const part = (parse(text) ?? {}) as Record<string, unknown>;
    const keys = Object.keys(part);
    if (keys.some((key) => FOREIGN.includes(key))) return;
    // Some pages show a route's own lines, without what stands around them.
    const isRoute = keys.every((key) => ROUTE_KEYS.includes(key));
    const config = isRoute ? { routes: { shown: { ...STUB_ROUTE, ...verifyFor(part), path: '/shown', ...part } } } : part;
    expect(keys.filter((key) => !isRoute && !KNOWN.includes(key))).toEqual([]);
    const file = stringify(whole(config), { defaultStringType: 'QUOTE_DOUBLE' });
    const readFile = (path: string): string =>
      path.endsWith('.json') ? '{"type":"object"}' : /-k\d$/.test(path) ? KEY : 'a-secret-that-is-long-enough';
    const result = loadConfig(file, { file: `/etc/hookbay/${page}`, env: exampleEnvironment(file), readFile });
    const unreadable = ['file_unreadable', 'bad_certificate', 'unknown_target'];
    const faults = result.ok ? [] : result.faults.filter(({ code }) => !unreadable.includes(code));
    expect(faults.map(({ path, message }) => `${path}: ${message}`)).toEqual([]);
  });
});

describe('commands in the documents', () => {
  const lines = blocks
    .filter(({ language }) => language === 'sh' || language === '')
    .flatMap(({ text, page, line }) =>
      text.split('\n').map((command, i) => ({ page: `${page}:${line + i + 1}`, command: command.trim().replace(/^\$ /, '') })),
    )
    .filter(({ command }) => /^(hookbay|npm run -s hookbay|docker compose exec hookbay hookbay) /.test(command));
  const inText = PAGES.flatMap((page) =>
    [...readPage(page).matchAll(/`(hookbay [a-z][^`\n]*)`/g)].map(([, command = '']) => ({ page, command })),
  );

  it('are there', () => expect(lines.length + inText.length).toBeGreaterThan(40));

  it.each([...lines, ...inText].map(({ page, command }) => [`${page}: ${command}`, command]))('%s', async (_name, command) => {
    const words = command
      .replace(/^(npm run -s|docker compose exec hookbay) /, '')
      .split(/\s+/)
      .slice(1);
    const [name = '', second = ''] = words;
    // Never after an option, which would take `--help` for its value and run the command on whatever relay runs here.
    const isSub = /^[a-z]+$/.test(second) && (await hookbay([name, second, '--help'])).exitCode === 0;
    const sub = isSub ? [second] : [];
    const help = await hookbay([name, ...sub, '--help']);
    expect(help).toMatchObject({ exitCode: 0, stderr: '' });
    expect(help.stdout).toContain(`Usage: hookbay ${name}`);
    const end = words.findIndex((word) => /^[|>#;&]/.test(word));
    const used = (end < 0 ? words : words.slice(0, end)).map((word) => /^--?[a-z][a-z-]*/.exec(word)?.[0] ?? '');
    for (const option of used.filter((word) => word !== '' && word !== '--help')) expect(help.stdout).toContain(option);
  });
});

describe('links in the documents', () => {
  it.each(PAGES)('%s leads to what is there', (page) => {
    const folder = page.includes('/') ? 'docs/' : '';
    for (const [, target = ''] of readPage(page).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^(https?:|mailto:|#|<)/.test(target)) continue;
      const [path = '', anchor] = target.split('#');
      const file = join(import.meta.dirname, '../..', folder, path);
      expect(() => readFileSync(file, 'utf8')).not.toThrow();
      if (anchor === undefined || !path.endsWith('.md')) continue;
      const headings = [...readFileSync(file, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
        heading
          .toLowerCase()
          .replaceAll(/[^\w\- ]/g, '')
          .replaceAll(' ', '-'),
      );
      expect(headings).toContain(anchor);
    }
  });
});

describe('what is there for monitoring', () => {
  const metrics = new Set([...readPage('docs/metrics.md').matchAll(/`(hookbay_[a-z_]+)`/g)].map(([, name]) => name));
  const queried = (text: string): string[] =>
    [...text.matchAll(/hookbay_[a-z_]+/g)].map(([name]) => name.replace(/_bucket$/, ''));

  it('the alerting rules ask for metrics that there are', () => {
    const { groups } = parse(readPage('examples/monitoring/hookbay.rules.yml')) as {
      groups: { rules: { alert: string; expr: string }[] }[];
    };
    const rules = groups.flatMap((group) => group.rules);
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    for (const { expr } of rules) for (const name of queried(expr)) expect(metrics).toContain(name);
  });

  it('so does the dashboard', () => {
    const { panels } = JSON.parse(readPage('examples/monitoring/grafana-dashboard.json')) as {
      panels: { targets: { expr: string }[] }[];
    };
    expect(panels.length).toBeGreaterThan(10);
    for (const { expr } of panels.flatMap(({ targets }) => targets))
      for (const name of queried(expr)) expect(metrics).toContain(name);
  });
});
