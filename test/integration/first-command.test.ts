import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { ChildProgram } from '../support/child-program.ts';
import { ENTRY } from '../support/entry.ts';
import { relayConfig } from '../support/relay-process.ts';
import { waitFor } from '../support/wait.ts';

const run = promisify(execFile);
const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hookbay-first-'));
  cleanUps.push(() => rmSync(folder, { recursive: true }));
  return folder;
}

function quickstart(folder: string): ChildProgram {
  const { HOOKBAY_CONFIG: _none, HOOKBAY_LOG_LEVEL: _default, ...env } = process.env;
  const program = new ChildProgram([process.execPath, ENTRY, 'serve'], { cwd: folder, env });
  cleanUps.push(() => program.kill());
  return program;
}

async function line(program: ChildProgram, start: string): Promise<string> {
  return waitFor(
    `a line that begins with "${start}"`,
    () => program.lines.find((text) => text.trimStart().startsWith(start)) ?? false,
  );
}

/** What the quickstart says to paste, up to the start. */
function realConfiguration(program: ChildProgram): string {
  const first = program.lines.findIndex((text) => text.startsWith('cat > config.yaml'));
  const last = program.lines.findIndex((text) => text.startsWith('export KNOWLEDGESDK_WEBHOOK_TOKEN='));
  return program.lines.slice(first, last + 1).join('\n');
}

it('npm passes a SIGTERM on, so that no relay is left behind', async () => {
  const folder = newFolder();
  writeFileSync(join(folder, 'config.yaml'), JSON.stringify(relayConfig({ target: 'http://127.0.0.1:1/' })));
  const command = ['npm', 'run', '--silent', 'hookbay', '--', 'serve', '--config', join(folder, 'config.yaml')];
  const program = new ChildProgram(command, { cwd: join(import.meta.dirname, '../..') });
  cleanUps.push(() => program.kill());
  const { public: publicUrl } = await program.record('listening');
  process.kill(program.pid, 'SIGTERM'); // to npm alone, as a supervisor does
  await program.record('stopped');
  await program.exited;
  await expect(fetch(`${String(publicUrl)}/healthz`)).rejects.toThrow();
});

describe('the first command, with nothing but a folder', () => {
  it('takes, acknowledges and delivers a test event and prints a curl line that works as it is', async () => {
    const program = quickstart(newFolder());
    const { public: publicUrl, page, admin } = await program.record('listening');
    expect(page).toBe(`${String(admin)}/`);
    const curl = await line(program, 'curl ');
    expect(curl).toContain(`${String(publicUrl)}/webhooks/knowledgesdk`);
    expect(await line(program, 'sample app got TESTING_CONNECTION')).toContain('attempt 1');
    expect(await program.record('delivered')).toMatchObject({ level: 'debug', type: 'TESTING_CONNECTION' });
    expect(await line(program, 'Page')).toContain('http://127.0.0.1:');

    const answers = await Promise.all(['sh', 'bash'].map((shell) => run(shell, ['-c', curl])));
    const ids = answers.map(({ stdout }) => JSON.parse(stdout) as { status: string; eventId: string });
    const reload = await fetch(`${String(admin)}/api/v1/reload`, { method: 'POST' });
    expect(reload.status).toBe(422);
    expect(await reload.text()).toContain('start again');
    expect(ids.map(({ status }) => status)).toEqual(['accepted', 'accepted']); // a fresh key each time
    expect(new Set(ids.map(({ eventId }) => eventId)).size).toBe(2);
    await line(program, 'sample app got EXTRACTION_COMPLETED');
    expect(await program.stop()).toEqual({ code: 0, signal: null });

    expect(readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8')).toContain(realConfiguration(program));
    const check = `${realConfiguration(program)}\n"${process.execPath}" "${ENTRY}" check`;
    expect((await run('sh', ['-c', check], { cwd: newFolder() })).stdout).toContain('path: /webhooks/knowledgesdk');
  });

  it('keeps its data and its token, and takes the next free ports', async () => {
    const folder = newFolder();
    const first = quickstart(folder);
    await first.record('listening');
    const curl = await line(first, 'curl ');
    await first.stop();
    const token = readFileSync(join(folder, 'data/quickstart/token'), 'utf8').trim();
    expect(curl).toContain(token);
    expect(statSync(join(folder, 'data/quickstart/token')).mode & 0o777).toBe(0o600);

    const elsewhere = quickstart(newFolder());
    const { public: otherUrl } = await elsewhere.record('listening');
    const second = quickstart(folder);
    const { public: publicUrl, admin } = await second.record('listening');
    expect(publicUrl).not.toBe(otherUrl);
    expect(await line(second, 'curl ')).toContain(token);
    const listed = await run(process.execPath, [ENTRY, 'events', '--json'], { cwd: folder }); // finds the ports by itself
    expect((JSON.parse(listed.stdout) as { data: unknown[] }).data).toHaveLength(2);
    expect((await fetch(`${String(admin)}/healthz`)).ok).toBe(true);
  });
});
