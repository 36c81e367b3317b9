import { spawnSync } from 'node:child_process';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { postEvent } from '../support/event-client.ts';
import { eventHeaders, TOKEN } from '../support/knowledgesdk-event.ts';
import { ok, type Receiver, startReceiver } from '../support/receiver.ts';
import { RelayProcess } from '../support/relay-process.ts';
import { waitFor } from '../support/wait.ts';
import { CHROMIUM, openPage, startBrowser, type WatchedPage } from './browser.ts';

const title = CHROMIUM === null ? 'the page (skipped: no Chromium is installed)' : 'the page';

describe.skipIf(CHROMIUM === null)(title, () => {
  let browser: Browser;
  let receiver: Receiver;
  let relay: RelayProcess;
  let watched: WatchedPage;
  let page: Page;
  let posted = 0;

  const post = async (): Promise<void> => {
    posted += 1;
    expect(await postEvent(relay.hookUrl, { key: `page-${posted}` })).toMatchObject({ status: 200 });
  };
  const go = (place: string) => page.goto(`${relay.adminUrl}/#/${place}`);
  const heading = (name: string) => page.getByRole('heading', { level: 1, name }).waitFor();
  const rows = () => page.locator('tbody tr:not(.gap)').count();

  beforeAll(async () => {
    receiver = await startReceiver();
    const target = { target: `${receiver.url}/hooks`, targetOptions: { retry: { attempts: 2, initial: '300ms', jitter: 0 } } };
    [browser, relay] = await Promise.all([startBrowser(), RelayProcess.start(target)]);
  });
  afterAll(async () => {
    await browser?.close();
    await relay?.remove();
    await receiver?.close();
  });
  beforeEach(async () => {
    receiver.behave(ok);
    watched = await openPage(browser, relay.adminUrl);
    page = watched.page;
  });
  afterEach(async () => {
    await page.context().close();
    expect(watched.mishaps).toEqual([]);
  });

  it('shows a newcomer without a token the line to send, and then what it brought', async () => {
    await go('');
    await heading('Overview');
    await page.getByText('Nothing has arrived yet').waitFor();
    await page.getByText('no attempt yet').waitFor();
    const shown = await page.locator('.empty pre').innerText();
    // The port is only known to this test: the configuration says 0, for any that is free.
    const line = shown.replace('http://127.0.0.1:0', relay.publicUrl);
    const sent = spawnSync('sh', ['-c', line], { env: { PATH: '/usr/bin:/bin', TOKEN }, encoding: 'utf8' });
    expect(sent.stdout).toContain('"status":"accepted"');
    await page.getByRole('link', { name: 'TESTING_CONNECTION' }).click();
    await heading('TESTING_CONNECTION');
    await page.getByText(/app answered 200 after .*ms/).waitFor();
    const headers = await page.getByRole('table', { name: /Headers of the request/ }).innerText();
    expect(headers).toMatch(/Host.+x-knowledgesdk-webhook-token.+x-knowledgesdk-dedup-key/s);
    expect(await page.getByLabel('Content of the body').innerText()).toContain('"payload": {\n    "message": "Hello"');
    expect(await page.content()).not.toContain(TOKEN);
  });

  it('sends a test event and finds it in the list by its status', async () => {
    await go('');
    await page.getByRole('button', { name: 'Send a test event to knowledgesdk' }).click();
    await page.getByText(/accepted the test event evt_/).waitFor();
    await page.getByRole('link', { name: 'Events' }).click();
    await page.getByLabel('Status').selectOption('delivered');
    await page.locator('tbody tr', { hasText: 'TESTING_CONNECTION' }).first().waitFor();
    await page.getByLabel('Search').fill('nothing-has-this-key');
    await page.getByText('No event matches.').waitFor();
    await page.reload();
    expect(await page.getByLabel('Search').inputValue()).toBe('nothing-has-this-key');
  });

  it('leaves rows where they are while somebody points at them', async () => {
    await go('events');
    await page.locator('tbody tr').first().waitFor();
    const before = await rows();
    await page.locator('tbody tr').first().hover();
    await post();
    const button = page.getByRole('button', { name: 'Show 1 new event' });
    await button.waitFor();
    expect(await rows()).toBe(before);
    await button.click();
    await waitFor('the new row', async () => (await rows()) === before + 1);
  });

  it('tells of failed attempts and of the next try, and replays what was given up', async () => {
    receiver.behave({ kind: 'answer', status: 500, body: 'out of order' });
    await post();
    await go('dead-letters');
    await page.locator('tbody tr', { hasText: /out of order.*PAGE_SCRAPED · given up after 2 attempts, / }).waitFor();
    await page.getByRole('link', { name: /^app answered 500 after/ }).click();
    await page.getByText('Given up after 2 attempts').waitFor();
    const attempts = page.locator('.timeline > .tried');
    await attempts.nth(1).waitFor();
    expect(await attempts.count()).toBe(2);
    await attempts.first().locator('summary').click();
    await attempts.first().getByText('out of order').waitFor();

    receiver.behave(ok);
    const before = receiver.received.length;
    await page.getByRole('link', { name: 'Dead letters' }).click();
    await page.getByRole('button', { name: 'Replay all' }).click();
    const dialog = page.getByRole('dialog', { name: 'Replay 1 dead letter?' });
    await dialog.getByText(/PAGE_SCRAPED.*app answered 500.*out of order/).waitFor();
    expect(receiver.received.length).toBe(before);
    await dialog.getByRole('button', { name: 'Replay 1 dead letter' }).click();
    await page.getByText('1 of 1 replayed').waitFor();
    await page.getByText('No dead letters.').waitFor();
    await waitFor('the delivery', () => receiver.received.length === before + 1);
  });

  it('pauses a target after asking, shows what waits for it, and resumes it', async () => {
    await go('');
    await page.getByRole('button', { name: 'Pause app' }).click();
    const dialog = page.getByRole('dialog', { name: 'Pause app?' });
    await dialog.waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    expect(await relay.admin.get('/api/v1/targets/app')).toMatchObject({ state: 'healthy' });
    await page.getByRole('button', { name: 'Pause app' }).click();
    await dialog.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('button', { name: 'Resume app' }).waitFor();
    await post();
    await page.getByRole('link', { name: 'Pending' }).click();
    await page.locator('tbody').getByRole('link', { name: 'PAGE_SCRAPED' }).click();
    await page.getByText('Waits until app is resumed').waitFor();
    await page.getByRole('link', { name: 'Overview' }).click();
    await page.getByRole('button', { name: 'Resume app' }).click();
    await page.getByRole('button', { name: 'Pause app' }).waitFor();
    await waitFor('nothing pending', async () => (await relay.admin.counts('app')).pending === 0);
  });

  it('says why a request was refused', async () => {
    await fetch(relay.hookUrl, { method: 'POST', headers: eventHeaders('refused', 'a-wrong-token'), body: '{"event":"FORGED"}' });
    await go('rejections');
    await page.locator('summary', { hasText: 'sender not verified' }).click();
    await page.getByText(/does not match any configured token/).waitFor();
    await page.getByText('{"event":"FORGED"}').waitFor();
    expect(await page.content()).not.toContain('a-wrong-token');
  });

  it('fits a phone, in the dark too', async () => {
    const phone = await openPage(browser, relay.adminUrl, { viewport: { width: 375, height: 700 }, colorScheme: 'dark' });
    const places = {
      '': 'Last event:',
      events: 'PAGE_SCRAPED',
      'dead-letters': 'No dead letters.',
      rejections: 'does not match any configured token',
    };
    for (const [place, text] of Object.entries(places)) {
      await phone.page.goto(`${relay.adminUrl}/#/${place}`);
      await phone.page.locator('main').getByText(text).first().waitFor();
      expect([place, await phone.page.evaluate('document.documentElement.scrollWidth')]).toEqual([place, 375]);
    }
    await phone.page.context().close();
    expect(phone.mishaps).toEqual([]);
  });
});
