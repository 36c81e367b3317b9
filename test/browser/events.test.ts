import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventHeaders, ROUTE_PATH, TOKEN } from '../support/knowledgesdk-event.ts';
import { ok, type Receiver, startReceiver } from '../support/receiver.ts';
import { RelayProcess } from '../support/relay-process.ts';
import { waitFor } from '../support/wait.ts';
import { CHROMIUM, openPage, startBrowser, type WatchedPage } from './browser.ts';

const title = CHROMIUM === null ? 'events on the page (skipped: no Chromium is installed)' : 'events on the page';

describe.skipIf(CHROMIUM === null)(title, () => {
  let browser: Browser;
  let receiver: Receiver;
  let relay: RelayProcess;
  let watched: WatchedPage;
  let page: Page;
  let posted = 0;

  async function post(type: string, payload: unknown = {}): Promise<string> {
    posted += 1;
    const answer = await fetch(relay.hookUrl, {
      method: 'POST',
      headers: eventHeaders(`events-${posted}`),
      body: JSON.stringify({ event: type, payload }),
    });
    return ((await answer.json()) as { eventId: string }).eventId;
  }
  const go = async (place: string): Promise<void> => {
    await page.goto(`${relay.adminUrl}/#/${place}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
  };
  const row = (text: string) => page.locator('tbody tr', { hasText: text });
  const hash = () => new URL(page.url()).hash;
  const dead = async (): Promise<number> => (await relay.admin.counts('app')).dead + (await relay.admin.counts('audit')).dead;

  beforeAll(async () => {
    receiver = await startReceiver();
    const retry = { attempts: 1 };
    const config = {
      targets: { app: { url: `${receiver.url}/app`, retry }, audit: { url: `${receiver.url}/audit`, retry } },
      routes: {
        knowledgesdk: { path: ROUTE_PATH, verify: { provider: 'knowledgesdk', token: TOKEN }, deliver: ['app'] },
        open: { path: '/open', verify: 'none', deliver: ['app'] },
      },
    };
    [browser, relay] = await Promise.all([startBrowser(), RelayProcess.start({ target: receiver.url, config })]);
  });
  afterAll(async () => {
    await browser?.close();
    await relay?.remove();
    await receiver?.close();
  });
  beforeEach(async () => {
    receiver.behave(ok);
    watched = await openPage(browser, relay.adminUrl, { permissions: ['clipboard-read', 'clipboard-write'] });
    page = watched.page;
  });
  afterEach(async () => {
    await page.context().close();
    // The browser itself writes a line for every answer of 409.
    expect(watched.mishaps.filter((line) => !line.includes('409 (Conflict)'))).toEqual([]);
  });

  it('come in by themselves, with what becomes of them, and stand still when that is wanted', async () => {
    await go('events');
    await page.getByText('Live', { exact: true }).waitFor();
    let answer = (): void => {};
    const when = new Promise<void>((resolve) => {
      answer = resolve;
    });
    receiver.behave({ kind: 'later', when, behaviour: ok });
    await post('ARRIVED_LIVE');
    await row('ARRIVED_LIVE').getByText('pending').waitFor();
    answer();
    await row('ARRIVED_LIVE').getByText('delivered').waitFor();

    await page.getByRole('button', { name: 'Pause' }).click();
    receiver.behave(ok);
    await post('HELD_BACK');
    await page.getByRole('button', { name: 'Show 1 new event' }).waitFor();
    expect(await row('HELD_BACK').count()).toBe(0);
    await page.getByRole('button', { name: 'Pause' }).click();
    await row('HELD_BACK').waitFor();
  });

  it('are found by filters that stand in the address, and by what is in their bodies', async () => {
    const id = await post('WITH_BODY', { user: { id: 4711 } });
    await go('events');
    await page.getByLabel('Time').selectOption('1h');
    await page.getByLabel('Search', { exact: true }).fill(id);
    await waitFor('the address', () => hash() === `#/events?q=${id}&range=1h`);
    await page.reload();
    await row('WITH_BODY').waitFor();
    expect(await page.locator('tbody tr').count()).toBe(1);
    await page.getByLabel('Time').selectOption('custom');
    await page.getByLabel('To', { exact: true }).fill('2020-01-01T00:00');
    await page.getByText('No event matches.').waitFor();

    await go('events');
    await page.getByText('Search in bodies').click();
    await page.getByLabel('In the body').fill('{"user":{"id":4711}}');
    await page.keyboard.press('Enter');
    await page.getByText('1 event found.').first().waitFor();
    await row('WITH_BODY').waitFor();
    expect(new URLSearchParams(hash().split('?')[1]).get('body')).toBe('{"user":{"id":4711}}');
    expect(await page.evaluate('document.activeElement.ariaLabel')).toBe('In the body');
    await page.getByRole('button', { name: 'Back to all events' }).click();
    await page.getByText('Live', { exact: true }).waitFor();
  });

  it('tell how far a search in bodies is, end it when that is wanted, and say when the relay does not search', async () => {
    const line = { kind: 'progress', scanned: 12_300, found: 0, reachedAt: new Date(Date.now() - 5_000).toISOString() };
    await page.route('**/api/v1/search?*', (route) => route.fulfill({ body: `${JSON.stringify(line)}\n` }));
    await go('events?body=x');
    await page.getByText('The search broke off.').first().waitFor();
    await page.unroute('**/api/v1/search?*');
    await page.route('**/api/v1/search?*', () => {}); // hangs
    await page.getByLabel('In the body').fill('y');
    await page.getByRole('button', { name: 'Search bodies' }).click();
    await page.getByRole('button', { name: 'Cancel the search' }).click();
    await page.getByText('Cancelled. Looked at 0 events.').first().waitFor();
    await page.unroute('**/api/v1/search?*');
    const problem = { status: 409, code: 'body_search_off', detail: 'Bodies are encrypted.', hint: 'Search by type.' };
    await page.route('**/api/v1/search?*', (route) => route.fulfill({ status: 409, json: problem }));
    await page.getByLabel('In the body').fill('z');
    await page.keyboard.press('Enter');
    await page.getByText('This relay does not search in bodies. Bodies are encrypted. Search by type.').first().waitFor();
  });

  it('may be a hundred thousand: only the rows in view are in the page', async () => {
    const fields = { route: 'r', dedupKey: null, method: 'POST', path: '/', query: '', peer: '', contentType: null, size: 0 };
    const data = Array.from({ length: 100_000 }, (_, n) => ({
      ...{ id: `evt_${String(999_999 - n)}`, type: `T${n}`, receivedAt: '2026-03-20T14:00:00Z', duplicates: 0, conflicts: 0 },
      ...{ ...fields, sha256: '', statuses: { delivered: 1 } },
    }));
    const body = JSON.stringify({ data, nextCursor: null });
    await page.route('**/api/v1/events?*', (route) => route.fulfill({ contentType: 'application/json', body }));
    // Over, so that nothing new comes in between.
    await go('events?range=custom&to=2026-03-21T00:00');
    await row('T0').first().waitFor();
    const table = page.getByRole('table', { name: 'Events, newest first' });
    expect(await table.getAttribute('aria-rowcount')).toBe('100001');
    const rows = page.locator('tbody tr:not(.gap)');
    expect(await rows.count()).toBeLessThan(60);
    await page.evaluate('scrollTo(0, 2_000_000)');
    await waitFor('the middle', async () => Number(await rows.nth(20).getAttribute('aria-rowindex')) > 40_000);
    await rows.nth(20).getByRole('link').focus();
    const focused = await page.evaluate('document.activeElement.textContent');
    await page.evaluate('scrollTo(0, document.documentElement.scrollHeight)');
    await row('T99999').waitFor();
    expect(await row('T99999').getAttribute('aria-rowindex')).toBe('100001');
    expect(await rows.count()).toBeLessThan(60);
    expect(await page.evaluate('document.activeElement.textContent')).toBe(focused);
    await page.keyboard.press('j');
    expect(await page.evaluate('document.activeElement.textContent')).toBe(`T${Number(String(focused).slice(1)) + 1}`);
  });

  it('show the whole of their types on a phone, in rows of one height', async () => {
    for (const type of ['EXTRACTION_COMPLETED', 'EXTRACTION_FAILED', 'SHORT']) await post(type);
    await page.setViewportSize({ width: 390, height: 844 });
    await go('events');
    await row('EXTRACTION_COMPLETED').waitFor();
    const cutOff = `[...document.querySelectorAll('[data-row] > bdi, td:has([data-row])')]
      .filter((type) => type.scrollWidth > type.clientWidth || type.scrollHeight > type.clientHeight)
      .map((type) => type.textContent)`;
    expect(await page.evaluate(cutOff)).toEqual([]);
    const heights = `new Set([...document.querySelectorAll('tr[data-id]')].map((row) => row.offsetHeight)).size`;
    expect(await page.evaluate(heights)).toBe(1);
  });

  it('go to chosen targets again, as a line for the shell, and side by side with another', async () => {
    await post('COMPARED', { pages: 1, name: 'same' });
    const id = await post('COMPARED', { pages: 2, name: 'same' });
    await go(`events/${id}`);
    await page.getByRole('button', { name: 'Replay …' }).click();
    const dialog = page.getByRole('dialog', { name: 'Replay this event?' });
    await dialog.getByLabel('audit').check();
    await dialog.getByLabel('app').uncheck();
    await dialog.getByRole('button', { name: 'Replay to 1 target' }).click();
    await page.getByText('Replayed: 1 new delivery.').waitFor();
    await page.getByText(/audit answered 200/).waitFor();

    await page.getByRole('button', { name: 'Copy as curl' }).click();
    await page.getByText('Copied. Put the credential in place of [removed by hookbay].').waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toMatch(/^curl .*\/webhooks\/knowledgesdk' .*"pages":2/s);
    await page.getByRole('button', { name: 'Hex' }).click();
    await page.getByLabel('The bytes as they came').getByText('7b 22 65 76 65 6e 74 22').waitFor();

    await page.getByRole('button', { name: 'Compare …' }).click();
    await page.getByRole('button', { name: 'the one of its type before it' }).click();
    await page.getByText('1 line differs.').waitFor();
    const changed = page.locator('.diff-changed');
    expect(await changed.innerText()).toMatch(/−\s+"pages": 1,.*\+\s+"pages": 2,/s);
  });

  it('are deleted after asking', async () => {
    const id = await post('TO_BE_DELETED');
    await go(`events/${id}`);
    await page.getByRole('button', { name: 'Delete' }).click();
    const dialog = page.getByRole('dialog', { name: 'Delete this event?' });
    await dialog.getByText('are erased for good').waitFor();
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('heading', { level: 1, name: 'Events' }).waitFor();
    await waitFor('the end of it', async () => (await relay.admin.call('GET', `/api/v1/events/${id}`)).status === 410);
  });

  it('that were given up are grouped, and discarded after asking', async () => {
    receiver.behave(({ url }) => ({ kind: 'answer', status: url === '/app' ? 500 : 404, body: 'no' }));
    const before = await dead();
    const ids = await Promise.all([1, 2, 3].map((n) => post('DOOMED', { n })));
    await relay.admin.post(`/api/v1/events/${ids[0]}/replay`, { targets: ['audit'] });
    await waitFor('dead letters', async () => (await dead()) === before + 4);
    await go('dead-letters');
    await page.getByRole('heading', { name: /app answered 500 · 3 dead letters/ }).waitFor();
    await page.getByRole('heading', { name: /audit answered 404 · 1 dead letter/ }).waitFor();
    await page.getByRole('button', { name: 'Replay those that ended with “audit: answered 404”' }).click();
    await page.getByRole('dialog', { name: 'Replay 1 dead letter?' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Discard those that ended with “app: answered 500”' }).click();
    const dialog = page.getByRole('dialog', { name: 'Discard 3 dead letters?' });
    await dialog.getByText('They are given up for good').waitFor();
    await dialog.getByRole('button', { name: 'Discard 3 dead letters' }).click();
    await page.getByText('3 of 3 done.').waitFor();
    await page.getByRole('heading', { name: /app answered 500/ }).waitFor({ state: 'detached' });
    expect(await dead()).toBe(before + 1);
  });

  it('that were refused are found by reason and route', async () => {
    await fetch(relay.hookUrl, { method: 'POST', headers: eventHeaders('refused', 'wrong'), body: '{}' });
    await fetch(`${relay.publicUrl}/nowhere`, { method: 'POST', body: '{}' });
    await go('rejections');
    await row('no route at this path').waitFor();
    await page.getByLabel('Reason').selectOption('verification_failed');
    await row('no route at this path').waitFor({ state: 'detached' });
    await row('sender not verified').waitFor();
    expect(hash()).toBe('#/rejections?reason=verification_failed');
    await page.getByRole('combobox', { name: 'Route', exact: true }).selectOption('open');
    await page.getByText('No refused request matches.').waitFor();
    await page.getByRole('link', { name: 'Show all rejections' }).click();
    await row('no route at this path').waitFor();
  });

  it('are reached, opened and replayed by keyboard alone', async () => {
    await post('KEYS_OLDER');
    await post('KEYS_NEWER');
    await go('');
    await page.keyboard.press('g');
    await page.keyboard.press('e');
    await page.getByRole('heading', { level: 1, name: 'Events' }).waitFor();
    await row('KEYS_NEWER').waitFor();
    const focused = () => page.evaluate('document.activeElement.textContent');
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    expect(await focused()).toBe('KEYS_OLDER');
    await page.keyboard.press('k');
    expect(await focused()).toBe('KEYS_NEWER');
    await page.keyboard.press('Control+j');
    expect(await focused()).toBe('KEYS_NEWER');
    await page.keyboard.press('r');
    await page.getByRole('dialog', { name: 'Replay this event?' }).getByText('KEYS_NEWER').waitFor();
    await page.keyboard.press('Escape');
    expect(await focused()).toBe('KEYS_NEWER');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'KEYS_NEWER' }).waitFor();

    await page.keyboard.press('?');
    const help = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
    await help.getByText('Replay this event').waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('g');
    await page.keyboard.press('e');
    await page.getByRole('heading', { level: 1, name: 'Events' }).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('jk?');
    expect(await page.getByLabel('Search', { exact: true }).inputValue()).toBe('jk?');
    expect(await help.count()).toBe(0);
  });

  it('leave single keys alone for those who do not want them', async () => {
    await go('events');
    await page.getByRole('button', { name: 'Keyboard shortcuts' }).click();
    await page.getByLabel('Use single keys as shortcuts').uncheck();
    await page.getByRole('button', { name: 'Close' }).click();
    await page.reload();
    await page.locator('tbody tr').first().waitFor();
    await page.keyboard.press('?');
    await page.keyboard.press('j');
    expect(await page.getByRole('dialog').count()).toBe(0);
    expect(await page.evaluate('document.activeElement.tagName')).not.toBe('A');
  });
});
