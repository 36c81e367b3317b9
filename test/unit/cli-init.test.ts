import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { firstConfiguration, variablesOf } from '../../src/cli/starter-file.ts';
import { loadConfig } from '../../src/config/load.ts';
import { PROVIDER_NAMES } from '../../src/providers/presets.ts';
import { describeProvider } from '../../src/providers/words/description.ts';
import { hookbay } from '../support/command-line.ts';
import { exampleEnvironment } from '../support/provider-secrets.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hookbay-init-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const TARGET = 'http://app:3000/hooks';
const file = () => readFileSync(join(folder, 'config.yaml'), 'utf8');

describe('hookbay init', () => {
  it.each(PROVIDER_NAMES)('writes a configuration for %s that loads once its variables are set', (name) => {
    const provider = describeProvider(name);
    const text = firstConfiguration({ provider, target: TARGET, publicUrl: 'https://hooks.example.com' });
    const env = exampleEnvironment(text);
    expect(Object.keys(env)).toEqual(expect.arrayContaining(variablesOf(provider)));
    const result = loadConfig(text, { file: '/etc/hookbay/config.yaml', env });
    expect(result.ok ? [] : result.faults.map(({ message, path }) => `${path}: ${message}`)).toEqual([]);
    const { targets, routes } = result.ok ? result.config : { targets: new Map(), routes: new Map() };
    expect([...targets.keys(), ...routes.keys()]).toEqual(['app', name]);
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(160);
  });

  it('asks on a terminal for what was not given, and says what to do next', async () => {
    const answer = await hookbay(['init'], { cwd: folder, terminal: 100, stdin: `stripe\n${TARGET}\n` });
    expect(answer).toMatchObject({ exitCode: 0, stderr: '' });
    expect(file()).toContain(`url: "${TARGET}"`);
    expect(answer.stdout).toContain('export STRIPE_WEBHOOK_SECRET=…');
    expect(answer.stdout).toContain('https://YOUR-HOST/webhooks/stripe');
    expect(answer.stdout).toContain('hookbay send --provider stripe');
  });

  it('takes the defaults for empty answers', async () => {
    await hookbay(['init'], { cwd: folder, terminal: 100, stdin: '\n\n' });
    expect(file()).toContain('provider: knowledgesdk');
    expect(file()).toContain('http://127.0.0.1:3000/webhooks');
  });

  it('never writes over a file', async () => {
    writeFileSync(join(folder, 'config.yaml'), 'mine');
    const answer = await hookbay(['init', '--provider', 'stripe', '--target', TARGET], { cwd: folder });
    expect(answer.exitCode).toBe(2);
    expect(answer.stderr).toContain('is there already');
    expect(file()).toBe('mine');
  });

  it('asks nothing in a pipe, and names what was probably meant', async () => {
    expect((await hookbay(['init'], { cwd: folder })).stderr).toContain('Say who sends, with --provider');
    expect((await hookbay(['init', '--provider', 'strpe', '--target', TARGET], { cwd: folder })).stderr).toContain('stripe');
    expect((await hookbay(['init', '--provider', 'twilio', '--target', TARGET], { cwd: folder })).stderr).toContain(
      '--public-url',
    );
    expect((await hookbay(['init', '--provider', 'stripe', '--target', 'app'], { cwd: folder })).stderr).toContain('not a URL');
  });
});
