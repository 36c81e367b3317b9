import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import axe from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventHeaders, ROUTE_PATH, TOKEN } from '../support/knowledgesdk-event.ts';
import { ok, type Receiver, startReceiver } from '../support/receiver.ts';
import { RelayProcess } from '../support/relay-process.ts';
import { waitFor } from '../support/wait.ts';
import { CHROMIUM, openPage, startBrowser } from './browser.ts';

const title = CHROMIUM === null ? 'the page for everybody (skipped: no Chromium is installed)' : 'the page for everybody';

/** WCAG 2.2 AA, and what is good practice beside it. */
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

const SHOTS = fileURLToPath(new URL('.artifacts/', import.meta.url));
const ASSETS = fileURLToPath(new URL('../../dist/dashboard/assets/', import.meta.url));

const LOOKS: Record<string, BrowserContextOptions> = {
  light: { viewport: { width: 1280, height: 900 }, colorScheme: 'light' },
  dark: { viewport: { width: 1280, height: 900 }, colorScheme: 'dark' },
  phone: { viewport: { width: 390, height: 844 }, colorScheme: 'light' },
  'phone-dark': { viewport: { width: 390, height: 844 }, colorScheme: 'dark' },
};

async function violations(page: Page): Promise<string[]> {
  const run = `axe.run(document, { runOnly: ${JSON.stringify(TAGS)} })`;
  const { violations } = (await page.evaluate(run)) as { violations: { id: string; nodes: { html: string }[] }[] };
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

describe.skipIf(CHROMIUM === null)(title, () => {
  let browser: Browser;
  let receiver: Receiver;
  let relay: RelayProcess;
  /** Two events with a delivery each, the second one given up. */
  const ids: string[] = [];

  async function post(type: string): Promise<void> {
    const body = JSON.stringify({ event: type, payload: { type, url: 'https://docs.example.com/guide' } });
    const answer = await fetch(relay.hookUrl, { method: 'POST', headers: eventHeaders(`axe-${ids.length}`), body });
    ids.push(((await answer.json()) as { eventId: string }).eventId);
  }

  beforeAll(async () => {
    mkdirSync(SHOTS, { recursive: true });
    receiver = await startReceiver();
    const targets = {
      app: { url: `${receiver.url}/app`, retry: { attempts: 2, initial: '100ms', jitter: 0 } },
      audit: { url: `${receiver.url}/audit`, retry: { attempts: 9, initial: '1h' } },
    };
    const verify = { provider: 'knowledgesdk', token: TOKEN };
    const config = { targets, routes: { knowledgesdk: { path: ROUTE_PATH, verify, deliver: ['app', 'audit'] } } };
    [browser, relay] = await Promise.all([startBrowser(), RelayProcess.start({ target: receiver.url, config })]);
    await post('EXTRACTION_COMPLETED');
    await waitFor('deliveries', async () => (await relay.admin.counts('audit')).delivered === 1);
    receiver.behave({ kind: 'answer', status: 500, body: 'out of order' });
    await post('EXTRACTION_FAILED');
    await waitFor('a dead letter', async () => (await relay.admin.counts('app')).dead === 1);
    receiver.behave(ok);
    await fetch(relay.hookUrl, { method: 'POST', headers: eventHeaders('x', 'wrong'), body: '{"event":"FORGED"}' });
  });
  afterAll(async () => {
    await browser?.close();
    await relay?.remove();
    await receiver?.close();
  });

  /** Each place with a text that says it is there, and what is opened before the look. */
  const places = (): Record<string, { at: string; text: string; open?: (page: Page) => Promise<void> }> => ({
    overview: { at: '', text: 'Last event:' },
    events: { at: 'events?range=custom', text: 'EXTRACTION_FAILED' },
    search: { at: 'events?body=guide', text: '2 events found.' },
    event: {
      at: `events/${ids[1]}`,
      text: 'Given up after 2 attempts',
      open: async (page) => {
        await page.locator('.timeline summary').first().click();
        await page.getByLabel('Content of the body').waitFor();
      },
    },
    compare: { at: `events/${ids[1]}/compare?left=${ids[0]}&right=${ids[1]}`, text: '2 lines differ.' },
    replay: {
      at: `events/${ids[0]}`,
      text: 'Sent again',
      open: async (page) => {
        await page.getByRole('button', { name: 'Replay …' }).click();
        await page.getByRole('dialog').getByLabel('audit').waitFor();
      },
    },
    'dead-letters': { at: 'dead-letters', text: 'app answered 500' },
    rejections: {
      at: 'rejections',
      text: 'does not match any configured token',
      open: (page) => page.locator('summary', { hasText: 'sender not verified' }).click(),
    },
    targets: { at: 'targets', text: 'audit' },
    routes: { at: 'routes', text: 'knowledgesdk' },
    tasks: { at: 'tasks', text: 'Tasks' },
    settings: { at: 'settings', text: 'Settings' },
    help: {
      at: 'nowhere',
      text: 'Nothing here',
      open: async (page) => {
        await page.keyboard.press('?');
        await page.getByRole('dialog').waitFor();
      },
    },
  });

  it.each(Object.keys(LOOKS))('has nothing that axe finds wrong, and fits: %s', async (look) => {
    const options = LOOKS[look] ?? {};
    const { page, mishaps } = await openPage(browser, relay.adminUrl, options);
    for (const [name, { at, text, open }] of Object.entries(places())) {
      await page.goto(`${relay.adminUrl}/#/${at}`);
      await page.reload(); // a place of its own, without what the last one left open
      await page.evaluate(axe.source);
      await page.locator('main').getByText(text).first().waitFor();
      await open?.(page);
      await page.screenshot({ path: `${SHOTS}${name}-${look}.png` });
      expect([name, await violations(page)]).toEqual([name, []]);
      expect([name, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([name, options.viewport?.width]);
    }
    expect(mishaps).toEqual([]);
    await page.context().close();
  });

  it('would be told here of what is wrong', async () => {
    const { page } = await openPage(browser, relay.adminUrl);
    await page.goto(`${relay.adminUrl}/#/nowhere`);
    await page.evaluate(axe.source);
    await page.evaluate(`document.querySelector('main').append(document.createElement('button'))`);
    expect(await violations(page)).toEqual(['button-name: <button></button>']);
    await page.context().close();
  });

  it('is small: its script is under 100 kB when it is sent', () => {
    const scripts = readdirSync(ASSETS).filter((name) => name.endsWith('.js'));
    const bytes = scripts.reduce((sum, name) => sum + gzipSync(readFileSync(`${ASSETS}${name}`)).length, 0);
    console.info(`script of the page: ${(bytes / 1_000).toFixed(1)} kB gzipped`);
    expect(scripts.length).toBeGreaterThan(0);
    expect(bytes).toBeLessThan(100_000);
  });
});
