import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { postEvent } from '../support/event-client.ts';
import { eventHeaders, ROUTE_PATH, TOKEN } from '../support/knowledgesdk-event.ts';
import { ok, type Receiver, startReceiver } from '../support/receiver.ts';
import { RelayProcess } from '../support/relay-process.ts';
import { waitFor } from '../support/wait.ts';
import { CHROMIUM, openPage, startBrowser, type WatchedPage } from './browser.ts';

const title = CHROMIUM === null ? 'the places (skipped: no Chromium is installed)' : 'the places';

const STRIPE_SECRET = 'whsec_a-secret-for-tests-only';
const PHONE = { viewport: { width: 390, height: 844 } };
const PLACES = {
  '': 'Time to acknowledge',
  targets: 'spare',
  'targets/app': 'When it tries again',
  'targets/spare': 'moved elsewhere',
  routes: 'last refused',
  'routes/knowledgesdk': 'KnowledgeSDK',
  'routes/notion': 'Arm for 10 minutes',
  tasks: 'Bulk replay',
  settings: 'What was done',
};

/** The colours that the first chart is painted with; none while nothing is. */
const COLOURS = `(() => {
  const canvas = document.querySelector('.plot canvas');
  if (canvas === null) return [];
  // Of a copy, because a canvas that is read again and again is taken off the graphics card, with a warning.
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d');
  copy.drawImage(canvas, 0, 0);
  const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
  const seen = new Set();
  for (let i = 0; i < data.length; i += 4) if (data[i + 3] === 255) seen.add([data[i], data[i + 1], data[i + 2]].join());
  return [...seen].sort();
})()`;

const WATCH_SHIFTS = `
  window.shifts = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (!entry.hadRecentInput) window.shifts.push([entry.value, ...entry.sources.map(({ node }) => node?.parentElement?.outerHTML.slice(0, 300) ?? '')]);
    }
  }).observe({ type: 'layout-shift', buffered: true });`;

describe.skipIf(CHROMIUM === null)(title, () => {
  let browser: Browser;
  let receiver: Receiver;
  let relay: RelayProcess;
  let watched: WatchedPage;
  let page: Page;
  let posted = 0;

  const post = async (): Promise<void> => {
    posted += 1;
    expect(await postEvent(relay.hookUrl, { key: `places-${posted}` })).toMatchObject({ status: 200 });
  };
  const go = (place: string) => page.goto(`${relay.adminUrl}/#/${place}`);
  const heading = (name: string) => page.getByRole('heading', { level: 1, name }).waitFor();

  beforeAll(async () => {
    receiver = await startReceiver();
    const config = {
      targets: {
        app: { url: `${receiver.url}/hooks`, retry: { attempts: 2, initial: '200ms', jitter: 0 } },
        spare: { url: `${receiver.url}/spare` },
      },
      routes: {
        knowledgesdk: {
          path: ROUTE_PATH,
          verify: { provider: 'knowledgesdk', token: TOKEN },
          deliver: ['app', { target: 'spare', events: ['EXTRACTION_COMPLETED'] }],
        },
        notion: { path: '/webhooks/notion', verify: { provider: 'notion' }, deliver: ['app'] },
        stripe: { path: '/webhooks/stripe', verify: { provider: 'stripe', secret: STRIPE_SECRET }, deliver: ['app'] },
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
    watched = await openPage(browser, relay.adminUrl);
    page = watched.page;
  });
  afterEach(async () => {
    await page.context().close();
    expect(watched.mishaps).toEqual([]);
  });

  it('lets a newcomer send a test event, and draws what came of it', async () => {
    await go('');
    await page.getByText('Nothing has arrived yet').waitFor();
    await page.getByRole('button', { name: 'Send a test event', exact: true }).click();
    await page.getByText(/accepted the test event evt_/).waitFor();
    await page.getByRole('img', { name: /^In the last 30 minutes: accepted 1; duplicates 0; rejected 0\./ }).waitFor();
    await page.getByRole('img', { name: /^In the last 30 minutes: delivered 1; failed 0; given up 0\./ }).waitFor();
    await page.getByRole('img', { name: /^In the last 30 minutes: p50 last .+ at most .+ms; p99 last/ }).waitFor();
    await page.getByRole('img', { name: 'Attempts in the last 30 minutes: 1 delivered, 0 failed' }).waitFor();
    await waitFor('the drawing', async () => ((await page.evaluate(COLOURS)) as string[]).length > 2);
    const plot = page.locator('.plot').first();
    const { width = 0 } = (await plot.boundingBox()) ?? {};
    await plot.hover({ position: { x: width - 30, y: 60 } });
    await page.locator('.legend').first().getByText(/\/s$/).first().waitFor();
  });

  it('shows the time that is chosen, and keeps it in the address', async () => {
    await go('');
    await page.getByRole('radio', { name: '24 h' }).check();
    await page.getByRole('img', { name: /^In the last 24 hours: accepted/ }).waitFor();
    await page.reload();
    await page.getByRole('img', { name: /^In the last 24 hours: accepted/ }).waitFor();
    expect(await page.getByRole('radio', { name: '24 h' }).isChecked()).toBe(true);
  });

  it('moves nothing when figures are asked for again', async () => {
    await page.addInitScript(WATCH_SHIFTS);
    await go('');
    await page.getByText('Time to acknowledge').waitFor();
    const asked = () => page.waitForResponse((response) => response.url().includes('/stats?window=30m'));
    await post();
    await asked();
    await post();
    await asked();
    await page.getByRole('img', { name: /^In the last 30 minutes: accepted 3;/ }).waitFor();
    expect(await page.evaluate('window.shifts')).toEqual([]);
  });

  it('tells of a failing target, pauses it with a reason and resumes it after asking', async () => {
    receiver.behave({ kind: 'answer', status: 503, body: 'out of order' });
    await post();
    await go('targets');
    await page.getByRole('link', { name: 'app' }).click();
    await heading('app');
    await page.getByText(/2 attempts in about 200ms: again after 200ms\. Then it is a dead letter\./).waitFor();
    await page.getByText(/^In the last 30 minutes 2 of \d+ attempts failed: /).waitFor();
    await page.locator('.state', { hasText: 'failing' }).waitFor();
    await page.getByRole('link', { name: '1 dead letter' }).waitFor();

    await page.getByRole('button', { name: 'Pause app' }).click();
    const pause = page.getByRole('dialog', { name: 'Pause app?' });
    await pause.getByLabel(/Reason/).fill('it is <b>out</b> of order');
    await page.keyboard.press('Enter');
    await page.locator('.state', { hasText: 'paused' }).waitFor();
    await page.getByText('it is <b>out</b> of order').waitFor();
    receiver.behave(ok);
    await post();
    await page.getByRole('button', { name: 'Resume app' }).click();
    const resume = page.getByRole('dialog', { name: 'Resume app?' });
    await resume.getByText('1 delivery that waited').waitFor();
    expect(await relay.admin.get('/api/v1/targets/app')).toMatchObject({ state: 'paused' });
    await resume.getByRole('button', { name: 'Resume' }).click();
    await page.locator('.state', { hasText: 'healthy' }).waitFor();
    await page.getByRole('link', { name: '1 dead letter' }).click();
    await heading('Dead letters');
  });

  it('goes on with states and schedules that a newer relay may have', async () => {
    const states = ['half_open', 'open', 'draining'];
    await page.route('**/api/v1/targets', async (route) => {
      const answer = await route.fetch();
      const { data } = (await answer.json()) as { data: object[] };
      const changed = states.map((state, i) => ({
        ...data[0],
        name: `t${i}`,
        state,
        since: '2026-01-01T10:00:00Z',
        nextProbeAt: '2026-01-01T10:01:00Z',
      }));
      await route.fulfill({ response: answer, json: { data: changed, nextCursor: null } });
    });
    await page.route('**/api/v1/config', async (route) => {
      const answer = await route.fetch();
      const config = (await answer.json()) as { targets: Record<string, object> };
      config.targets.app = { ...config.targets.app, retry: { curve: 'unheard-of' }, rateLimit: '100/s' };
      await route.fulfill({ response: answer, json: config });
    });
    await go('targets');
    for (const words of ['breaker half open', 'breaker open', 'draining']) await page.getByText(words, { exact: true }).waitFor();
    await page
      .getByText(/Since .+ · next probe:/)
      .first()
      .waitFor();
    const boxes = await Promise.all(
      ['Try t1 now', 'Pause t1'].map((name) => page.getByRole('button', { name, exact: true }).boundingBox()),
    );
    expect(boxes[0]?.y).toBe(boxes[1]?.y);
    await go('targets/app');
    await page.getByText('cannot draw this schedule').waitFor();
    await page.getByText('100/s', { exact: true }).waitFor();
  });

  it('describes a route: its address, its provider, its rules', async () => {
    await fetch(relay.hookUrl, { method: 'POST', headers: eventHeaders('refused', 'a-wrong-token'), body: '{}' });
    await go('routes');
    await page.getByRole('link', { name: 'knowledgesdk' }).click();
    await heading('knowledgesdk');
    await page.getByText(/^http:\/\/127\.0\.0\.1:\d+\/webhooks\/knowledgesdk$/).waitFor();
    await page
      .getByRole('main')
      .getByRole('link', { name: /^\d\d:\d\d:\d\d$/ })
      .waitFor();
    await page.locator('.edges li', { hasText: 'spare' }).getByText('events: [EXTRACTION_COMPLETED]').waitFor();
    await page.getByRole('button', { name: 'Send a test event to knowledgesdk' }).click();
    await page.getByText(/accepted the test event evt_/).waitFor();
    await go('routes/stripe');
    await page.getByText(/hookbay send --provider stripe --to http:\S+\/webhooks\/stripe /).waitFor();
    await page.getByText('npm run -s hookbay send --', { exact: true }).waitFor();
    expect(await page.content()).not.toContain(STRIPE_SECRET);
  });

  it('arms a route whose provider hands its secret over, and disarms it', async () => {
    await go('routes/notion');
    await page.getByRole('button', { name: 'Arm notion' }).click();
    await page.getByRole('dialog', { name: 'Arm notion?' }).getByRole('button', { name: 'Arm' }).click();
    await page.getByText('Armed until').waitFor();
    await page.getByRole('button', { name: 'Disarm notion' }).click();
    await page.getByText('No secret is known yet').waitFor();
    const { data } = (await relay.admin.get('/api/v1/routes')) as { data: object[] };
    expect(data[1]).toMatchObject({ handshake: { armedUntil: null } });
  });

  it('follows a task and stops it', async () => {
    await go('tasks');
    await page.getByText('There is no task.').waitFor();
    const body = { filter: { status: 'delivered' }, targets: ['app'], rateLimit: '1/h' };
    const started = await fetch(`${relay.adminUrl}/api/v1/replays`, { method: 'POST', body: JSON.stringify(body) });
    expect(started.status).toBe(202);
    await page.getByRole('progressbar', { name: 'Progress of Bulk replay' }).waitFor();
    await page.getByRole('button', { name: 'Stop task_' }).click();
    await page.getByRole('dialog', { name: 'Stop this task?' }).getByRole('button', { name: 'Stop' }).click();
    await page.getByText('cancelled', { exact: true }).waitFor();
  });

  it('shows the settings without secrets, and what was done', async () => {
    await go('settings');
    await page.getByText('No token is configured').waitFor();
    await page.getByText(/^\d+\.\d+\.\d+ on Node v/).waitFor();
    await page.getByRole('row', { name: /paused a target app .*<b>out<\/b>/ }).waitFor();
    await page
      .getByRole('row', { name: /armed a route notion/ })
      .first()
      .waitFor();
    const text = await page.getByRole('region', { name: 'Text of the configuration' }).innerText();
    expect(text).toMatch(/^ {2}app:\n {4}url: http:\/\/127\.0\.0\.1:\d+\/hooks$/m);
    expect(await page.content()).not.toMatch(new RegExp(`${TOKEN}|${STRIPE_SECRET}`));
  });

  it.each(['light', 'dark'] as const)('fits a phone in every place, %s', async (colorScheme) => {
    await post();
    await relay.admin.post('/api/v1/targets/spare/pause', { reason: 'moved elsewhere' });
    const phone = await openPage(browser, relay.adminUrl, { ...PHONE, colorScheme });
    for (const [place, text] of Object.entries(PLACES)) {
      await phone.page.goto(`${relay.adminUrl}/#/${place}`);
      await phone.page.locator('main').getByText(text).first().waitFor();
      expect([place, await phone.page.evaluate('document.documentElement.scrollWidth')]).toEqual([place, 390]);
      const links = await phone.page.locator('nav a').all();
      const boxes = await Promise.all(links.map((link) => link.boundingBox()));
      const isSeen = (box: (typeof boxes)[number]): boolean => box !== null && box.x >= 0 && box.x + box.width <= 390;
      expect([place, boxes.map(isSeen)]).toEqual([place, Array(8).fill(true)]);
    }
    await phone.page.goto(`${relay.adminUrl}/docs`);
    expect(await phone.page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    await phone.page.context().close();
    expect(phone.mishaps).toEqual([]);
  });

  it('draws charts anew when the colours of the page change', async () => {
    await page.emulateMedia({ colorScheme: 'light' });
    await go('');
    await waitFor('the drawing', async () => ((await page.evaluate(COLOURS)) as string[]).length > 2);
    const light = (await page.evaluate(COLOURS)) as string[];
    await page.emulateMedia({ colorScheme: 'dark' });
    // The colours of --good: the line of what was accepted.
    await waitFor('the dark line', async () => ((await page.evaluate(COLOURS)) as string[]).includes('127,208,154'));
    expect(light).toContain('28,107,58');
    expect(light).not.toContain('127,208,154');
  });
});

describe.skipIf(CHROMIUM === null)(`${title}, for viewers`, () => {
  const tokens = [
    { name: 'anna', role: 'viewer', token: 'a-viewer-token-for-tests-only' },
    { name: 'otto', role: 'operator', token: 'an-operator-token-for-tests' },
  ];
  let browser: Browser;
  let relay: RelayProcess;

  beforeAll(async () => {
    const config = { admin: { listen: '127.0.0.1:0', token: 'an-admin-token-for-tests-only', tokens } };
    [browser, relay] = await Promise.all([startBrowser(), RelayProcess.start({ target: 'http://127.0.0.1:9/', config })]);
  });
  afterAll(async () => {
    await browser?.close();
    await relay?.remove();
  });

  async function buttons(name: string): Promise<Record<string, string[]>> {
    const { page, mishaps } = await openPage(browser, relay.adminUrl);
    await page.goto(`${relay.adminUrl}/`);
    await page.getByLabel('Admin token').fill(tokens.find((each) => each.name === name)?.token ?? '');
    await page.keyboard.press('Enter');
    const found: Record<string, string[]> = {};
    for (const place of ['', 'targets/app', 'routes/knowledgesdk', 'settings']) {
      await page.goto(`${relay.adminUrl}/#/${place}`);
      await page.locator('main section').nth(1).waitFor();
      if (place === 'settings') await page.getByText(`Signed in as ${name}`).waitFor();
      const all = await page.locator('main').getByRole('button').all();
      const names = await Promise.all(
        all.map(async (each) => (await each.getAttribute('aria-label')) ?? (await each.innerText())),
      );
      found[place] = names.filter((each) => !each.startsWith('Copy'));
    }
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    await page.context().close();
    expect(mishaps.filter((line) => !line.includes('401 (Unauthorized)'))).toEqual([]);
    return found;
  }

  it('leaves out the buttons that a viewer may not press', async () => {
    const copyAndSession = { '': [], 'targets/app': [], 'routes/knowledgesdk': [], settings: [] };
    expect(await buttons('anna')).toEqual(copyAndSession);
    expect(await buttons('otto')).toEqual({
      '': ['Send a test event', 'Pause app', 'Send a test event to knowledgesdk'],
      'targets/app': ['Pause app'],
      'routes/knowledgesdk': ['Send a test event to knowledgesdk'],
      settings: [],
    });
  });
});
