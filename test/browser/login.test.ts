import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postEvent } from '../support/event-client.ts';
import { RelayProcess } from '../support/relay-process.ts';
import { CHROMIUM, openPage, startBrowser } from './browser.ts';

const title = CHROMIUM === null ? 'signing in (skipped: no Chromium is installed)' : 'signing in';
const VIEWER_TOKEN = 'a-viewer-token-for-tests-only';
const ADMIN_TOKEN = 'an-admin-token-for-tests-only';

describe.skipIf(CHROMIUM === null)(title, () => {
  let browser: Browser;
  let relay: RelayProcess;

  beforeAll(async () => {
    const tokens = [{ name: 'watcher', token: VIEWER_TOKEN, role: 'viewer' }];
    const config = { admin: { listen: '127.0.0.1:0', token: ADMIN_TOKEN, tokens } };
    const target = { target: 'http://127.0.0.1:9/', targetOptions: { retry: { attempts: 1 } } };
    [browser, relay] = await Promise.all([startBrowser(), RelayProcess.start({ ...target, config })]);
  });
  afterAll(async () => {
    await browser?.close();
    await relay?.remove();
  });

  it('wants the right token, keeps the session over a reload, and ends it', async () => {
    const { page, mishaps } = await openPage(browser, relay.adminUrl);
    const refused: string[] = [];
    page.on('response', (response) => {
      if (response.status() === 401) refused.push(new URL(response.url()).pathname);
    });
    await page.goto(`${relay.adminUrl}/#/events`);
    const signIn = page.getByRole('button', { name: 'Sign in' });
    await page.getByLabel('Admin token').fill('not-the-token');
    await signIn.click();
    await page.getByText('This token is not known here.').waitFor();
    expect(await page.getByRole('navigation').count()).toBe(0);
    expect(refused).toEqual(['/api/v1/session', '/api/v1/session']);

    await page.getByLabel('Admin token').fill(ADMIN_TOKEN);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Events' }).waitFor();
    await page.reload();
    await page.getByText('Nothing has arrived yet').waitFor();
    for (const [width, most] of [
      [1360, 60],
      [1100, 60],
      [390, 130],
    ] as const) {
      await page.setViewportSize({ width, height: 800 });
      const { height = 0 } = (await page.locator('header').boundingBox()) ?? {};
      expect([width, height <= most ? '' : height]).toEqual([width, '']);
    }
    await page.setViewportSize({ width: 1280, height: 800 });
    expect(await page.evaluate('document.cookie + JSON.stringify(localStorage) + JSON.stringify(sessionStorage)')).toBe('{}{}');

    await page.getByRole('button', { name: 'Sign out' }).click();
    await signIn.waitFor();
    await page.reload();
    await signIn.waitFor();
    // The browser itself writes a line for every answer of 401.
    expect(mishaps.filter((line) => !line.includes('401 (Unauthorized)'))).toEqual([]);
    await page.context().close();
  });

  it('shows a viewer everything, and no button that he may not press', async () => {
    const posted = await postEvent(relay.hookUrl, { key: 'seen-by-viewers' });
    const { eventId } = JSON.parse(posted?.body ?? '{}') as { eventId: string };
    const { page, mishaps } = await openPage(browser, relay.adminUrl);
    const signIn = async (token: string): Promise<void> => {
      await page.goto(`${relay.adminUrl}/#/events/${eventId}`);
      await page.getByLabel('Admin token').fill(token);
      await page.keyboard.press('Enter');
      await page.getByLabel('Content of the body').waitFor();
      await page.getByText('Given up after 1 attempt').waitFor();
    };
    const buttons = () => page.locator('main button').allInnerTexts();
    await signIn(ADMIN_TOKEN);
    expect(await buttons()).toEqual(expect.arrayContaining(['Replay …', 'Delete', 'Retry now', 'Discard', 'Compare …']));
    await page.goto(`${relay.adminUrl}/#/dead-letters`);
    await page.getByRole('heading', { name: /1 dead letter/ }).waitFor();
    expect(await buttons()).toEqual(['Discard all …', 'Replay all …', 'Retry']);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Admin token').waitFor();

    await signIn(VIEWER_TOKEN);
    expect(await buttons()).toEqual(['Compare …', 'Copy as curl', 'Hex']);
    await page.keyboard.press('r');
    expect(await page.getByRole('dialog').count()).toBe(0);
    await page.goto(`${relay.adminUrl}/#/dead-letters`);
    await page.getByRole('heading', { name: /1 dead letter/ }).waitFor();
    expect(await buttons()).toEqual([]);
    expect(mishaps.filter((line) => !line.includes('401 (Unauthorized)'))).toEqual([]);
    await page.context().close();
  });
});
