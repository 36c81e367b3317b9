import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventHeaders } from '../support/knowledgesdk-event.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { RelayProcess } from '../support/relay-process.ts';
import { waitFor } from '../support/wait.ts';
import { CHROMIUM, openPage, startBrowser } from './browser.ts';

const title = CHROMIUM === null ? 'hostile content (skipped: no Chromium is installed)' : 'hostile content';

/** As type, in the body, in headers and in a target's answer. */
const HOSTILE = [
  `<img src=x onerror="alert('img')">`,
  `</script><script>alert('script')</script>`,
  `"'><svg onload=alert('svg')>`,
  `javascript:alert('url')`,
  `{{constructor.constructor('alert(1)')()}}`,
  'turned \u202Egnp.exe around',
  'zero\u0000byte \u001B[31mred',
];

const idOf = (body: unknown): string => (body as { eventId: string }).eventId;

describe.skipIf(CHROMIUM === null)(title, () => {
  let browser: Browser;
  let receiver: Receiver;
  let relay: RelayProcess;

  beforeAll(async () => {
    receiver = await startReceiver({
      kind: 'answer',
      status: 500,
      headers: { 'content-type': 'text/html', 'x-answer': `<img src=x onerror=alert('answer')>` },
      body: HOSTILE.join('\n'),
    });
    const target = { target: `${receiver.url}/hooks`, targetOptions: { retry: { attempts: 1 } } };
    [browser, relay] = await Promise.all([startBrowser(), RelayProcess.start(target)]);
  });
  afterAll(async () => {
    await browser?.close();
    await relay?.remove();
    await receiver?.close();
  });

  async function send(type: string, body: string | Buffer, token?: string): Promise<string> {
    const answer = await fetch(`${relay.hookUrl}?q=<b>`, {
      method: 'POST',
      headers: { ...eventHeaders(`key <i>${type.replaceAll(/[^ -~]/g, '')}`, token), 'x-hostile': HOSTILE.slice(0, 5).join(' ') },
      body: new Uint8Array(Buffer.from(body)),
    });
    return idOf(await answer.json());
  }

  it('runs nowhere and is shown as it is', async () => {
    const ids: string[] = [];
    for (const text of HOSTILE) ids.push(await send(text, JSON.stringify({ event: text, [text]: text })));
    const [raw, binary] = [await send('raw', HOSTILE.slice(0, 5).join('\n')), await send('binary', HOSTILE.join('\0'))];
    await send('refused', HOSTILE.join('\n'), `<img src=x onerror=alert('token')>`);
    await waitFor('dead letters', async () => (await relay.admin.counts('app')).dead === HOSTILE.length + 2);

    const { page, mishaps } = await openPage(browser, relay.adminUrl);
    const places = {
      '': 'Last event:',
      events: '<img src=x',
      'dead-letters': 'app answered 500',
      rejections: 'does not match any configured token',
    };
    for (const [place, text] of Object.entries(places)) {
      await page.goto(`${relay.adminUrl}/#/${place}`);
      await page.locator('main').getByText(text).first().waitFor();
    }
    for (const id of [...ids, raw, binary]) {
      await page.goto(`${relay.adminUrl}/#/events/${id}`);
      await page.getByText(/app answered 500 after/).click();
      await page.getByText(`<img src=x onerror=alert('answer')>`).waitFor();
      await page.getByLabel('Content of the body').waitFor();
    }
    expect(await page.getByLabel('Content of the body').innerText()).toMatch(/^000000 {2}3c 69 6d 67 .* <img src=x/);
    await page.goto(`${relay.adminUrl}/#/events/${raw}`);
    await page
      .getByLabel('Content of the body')
      .getByText(HOSTILE[1] ?? '')
      .waitFor();
    await page.goto(`${relay.adminUrl}/#/events/${ids[5]}`);
    await page.getByLabel('Content of the body').getByText('turned ⟨U+202E⟩gnp.exe around').waitFor();
    const compared = `events/${ids[1]}/compare?left=${ids[0]}&right=${ids[1]}`;
    await page.goto(`${relay.adminUrl}/#/${compared}`);
    await page
      .locator('.diff')
      .getByText(HOSTILE[1] ?? '')
      .first()
      .waitFor();
    await page.goto(`${relay.adminUrl}/#/events?body=${encodeURIComponent('<svg onload')}`);
    await page.getByRole('link', { name: HOSTILE[2] ?? '' }).waitFor();
    await page.goto(
      `${relay.adminUrl}/#/events?route=${encodeURIComponent(HOSTILE[0] ?? '')}&q=${encodeURIComponent(HOSTILE[1] ?? '')}`,
    );
    await page.getByText('No event matches.').waitFor();
    expect(mishaps).toEqual([]);
    await page.context().close();
  });

  it('would be noticed here if it ran or were let through', async () => {
    const { page, mishaps } = await openPage(browser, relay.adminUrl);
    await page.goto(`${relay.adminUrl}/`);
    await page.evaluate(`document.body.insertAdjacentHTML('beforeend', '<img src="/x" onerror="alert(1)">')`);
    await page.evaluate(`fetch('http://127.0.0.2:9/').catch(() => {})`);
    await page.evaluate('alert(2)');
    const text = () => mishaps.join('\n');
    await waitFor(
      'the mishaps',
      () => /inline event handler/i.test(text()) && /connect-src/.test(text()) && /dialog: 2/.test(text()),
    );
    expect(text()).not.toContain('dialog: 1');
    await page.context().close();
  });
});
