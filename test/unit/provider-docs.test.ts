import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { countedReadme, providersPage } from '../../scripts/provider-docs.ts';
import { loadConfig } from '../../src/config/load.ts';
import { PROVIDER_NAMES, presetOf } from '../../src/providers/presets.ts';
import { describeProvider } from '../../src/providers/words/description.ts';
import { exampleEnvironment } from '../support/provider-secrets.ts';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const page = read('docs/providers.md');

/** The providers of the routes that a text configures; a `verify:` alone is put into a route. Throws with its faults. */
function loaded(text: string): string[] {
  const whole = text.startsWith('verify:')
    ? `publicUrl: https://hooks.example.com\nroutes:\n  hook:\n    path: /hook\n    deliver: http://127.0.0.1:9/\n${text.replaceAll(/^/gm, '    ')}`
    : text;
  const result = loadConfig(whole, { file: '/nonexistent/config.yaml', env: exampleEnvironment(text) });
  if (!result.ok) throw new Error(`${JSON.stringify(result.faults)} in\n${whole}`);
  return [...result.config.routes.values()].map(({ verify }) => verify.provider);
}

const blocks = (text: string): string[] => [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, block]) => block ?? '');

test('the page is the one that `npm run docs` writes', () => {
  expect(providersPage(page)).toBe(page);
});

test('every YAML block of the page loads', () => {
  const all = blocks(page);
  expect(all.length).toBeGreaterThan(PROVIDER_NAMES.length + 10);
  expect(all.filter((block) => loaded(block)[0] === 'custom').length).toBeGreaterThan(5);
});

describe.each(PROVIDER_NAMES)('%s', (name) => {
  test('has a section whose lines configure it', () => {
    const [, section = ''] = page.split(`\n### ${name}\n`);
    const lines = blocks(section.split('\n### ')[0] ?? '');
    expect(lines.flatMap(loaded)).toEqual(describeProvider(name).verify.map(() => name));
    expect(page).toContain(`| [\`${name}\`](#${name}) | ${presetOf(name).label} | ${describeProvider(name).known} |`);
  });
});

test('the README and the concepts link the page, and the README says how many there are', () => {
  const readme = read('README.md');
  expect(readme).toContain('(docs/providers.md)');
  expect(readme).toContain(`${PROVIDER_NAMES.length} providers`);
  expect(countedReadme(readme)).toBe(readme);
  expect(blocks(readme).flatMap(loaded)).toContain('stripe');
  expect(read('docs/concepts.md')).toContain('(providers.md');
});

describe('config.example.yaml', () => {
  const example = read('config.example.yaml');

  test('loads with its second route uncommented', () => {
    const lines = example.split('\n');
    const at = lines.indexOf('  # stripe:');
    const end = lines.indexOf('  #', at);
    expect(at).toBeGreaterThan(0);
    const text = lines.map((line, i) => (i >= at && i < end ? line.replace('  # ', '  ') : line)).join('\n');
    expect(loaded(text)).toContain('stripe');
  });

  test('every commented `verify` in it loads', () => {
    const commented = example
      .split('\n')
      .filter((line) => line.startsWith('  #'))
      .map((line) => line.slice('  # '.length));
    const starts = commented.flatMap((line, i) => (/^ *verify:/.test(line) ? [i] : []));
    const texts = starts.map((start) => {
      const indent = /^ */.exec(commented[start] ?? '')?.[0] ?? '';
      const isInside = (line: string): boolean => line.startsWith(`${indent} `);
      const more = commented.slice(start + 1);
      const end = more.findIndex((line) => !isInside(line));
      return [commented[start] ?? '', ...more.slice(0, end < 0 ? undefined : end)]
        .map((line) => line.slice(indent.length))
        .join('\n');
    });
    expect(texts.flatMap(loaded)).toEqual(['stripe', 'discord', 'postmark', 'paypal', 'sns', 'assemblyai', 'stripe', 'custom']);
  });
});
