import { setTimeout as delay } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postEvent } from '../support/event-client.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { RelayProcess } from '../support/relay-process.ts';
import { waitFor } from '../support/wait.ts';
import { CHROMIUM, openPage, startBrowser } from './browser.ts';

const title = CHROMIUM === null ? 'a busy relay (skipped: no Chromium is installed)' : 'a busy relay';

/** `HOOKBAY_LIVE_SECONDS=30 npx vitest run --project browser test/browser/live.test.ts` for the long form. */
const SECONDS = Number(process.env.HOOKBAY_LIVE_SECONDS ?? 5);
const RATE = 200;
const TICKS = 20;
/** What a person takes for at once. */
const MOST_MS = 100;

interface TraceEvent {
  name: string;
  pid: number;
  tid: number;
  /** µs on the processor, without what others took of it meanwhile. */
  tdur?: number;
}

/**
 * How long the pages' threads worked for each of their tasks, ms on the processor: a frame is one of them. What other
 * programs took of the time is left out, so that a busy machine does not decide.
 */
function tasksOf(trace: Buffer): number[] {
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: (TraceEvent & { args?: { name?: string } })[] };
  const threads = traceEvents
    .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
    .map(({ pid, tid }) => `${pid}/${tid}`);
  return traceEvents
    .filter(({ name, pid, tid }) => name === 'ThreadControllerImpl::RunTask' && threads.includes(`${pid}/${tid}`))
    .map(({ tdur = 0 }) => tdur / 1_000);
}

/** Frames by the clock on the wall, from their beginning until they were painted: only told, not held to. */
const WATCH = `
  window.longFrames = [];
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) window.longFrames.push(Math.round(duration));
  }).observe({ type: 'long-animation-frame' });
`;

describe.skipIf(CHROMIUM === null)(title, () => {
  let browser: Browser;
  let receiver: Receiver;
  let relay: RelayProcess;

  beforeAll(async () => {
    receiver = await startReceiver();
    [browser, relay] = await Promise.all([startBrowser(), RelayProcess.start({ target: receiver.url })]);
  });
  afterAll(async () => {
    await browser?.close();
    await relay?.remove();
    await receiver?.close();
  });

  let posted = 0;
  /** Evenly over its time; the answers are waited for at the end. */
  async function pour(seconds: number): Promise<number> {
    const answers: Promise<{ status: number } | null>[] = [];
    const begun = performance.now();
    for (let tick = 0; tick < seconds * TICKS; tick += 1) {
      for (let n = 0; n < RATE / TICKS; n += 1) {
        posted += 1;
        answers.push(postEvent(relay.hookUrl, { key: `live-${posted}` }));
      }
      await delay(Math.max(0, begun + ((tick + 1) * 1_000) / TICKS - performance.now()));
    }
    return (await Promise.all(answers)).filter((answer) => answer?.status === 200).length;
  }

  it(`shows ${RATE} events/s for ${SECONDS} s without a frame over ${MOST_MS} ms, and keeps no more than it can show`, async () => {
    await postEvent(relay.hookUrl, { key: 'first' });
    const { page, mishaps } = await openPage(browser, relay.adminUrl);
    await page.goto(`${relay.adminUrl}/#/events`);
    await page.getByText('Live', { exact: true }).waitFor();
    await page.locator('tbody tr').first().waitFor();
    await page.evaluate(WATCH);
    await browser.startTracing(page, { categories: ['-*', 'toplevel'] });
    const sent = await pour(SECONDS);
    const tasks = tasksOf(await browser.stopTracing());
    expect(sent).toBe(SECONDS * RATE);
    const newest = await relay.admin.get('/api/v1/events?limit=1');
    const { id } = (newest as { data: { id: string }[] }).data[0] ?? { id: '' };
    await page.locator(`tbody tr[data-id="${id}"]`).getByText('delivered').waitFor();
    const rows = Number(await page.locator('table').getAttribute('aria-rowcount'));
    const long = tasks.filter((ms) => ms > 50).length;
    const frames = (await page.evaluate('longFrames')) as number[];
    const onWall = `by the clock ${frames.length} frames over 50 ms, longest ${Math.max(0, ...frames)} ms`;
    const onProcessor = `${long} of ${tasks.length} tasks over 50 ms, longest ${Math.max(...tasks).toFixed(0)} ms`;
    console.info(`${sent} events in ${SECONDS} s: ${onProcessor}; ${onWall}`);
    expect(tasks.length).toBeGreaterThan(SECONDS);
    expect(tasks.filter((ms) => ms > MOST_MS)).toEqual([]);
    // -1: there are older ones than those that are kept.
    expect(rows === -1 || rows === sent + 2).toBe(true);
    expect(await page.locator('tbody tr').count()).toBeLessThan(60);
    expect(mishaps).toEqual([]);
    await page.context().close();
  });

  it('leaves the reader alone meanwhile: what is asked for is there at once', async () => {
    const { page } = await openPage(browser, relay.adminUrl);
    await page.goto(`${relay.adminUrl}/#/events`);
    await page.locator('tbody tr').first().waitFor();
    await page.locator('tbody tr').nth(3).hover();
    const shown = () => page.locator('tbody tr').nth(3).getAttribute('data-id');
    const before = await shown();
    const pouring = pour(1);
    const button = page.getByRole('button', { name: /Show .* new events/ });
    await button.waitFor();
    expect(await shown()).toBe(before);
    await pouring;
    await browser.startTracing(page, { categories: ['-*', 'toplevel'] });
    const onWall = Number(
      await page.evaluate(`new Promise((done) => {
      const button = [...document.querySelectorAll('button')].find(({ textContent }) => /^Show/.test(textContent));
      const begun = performance.now();
      button.click();
      requestAnimationFrame(() => setTimeout(() => done(performance.now() - begun)));
    })`),
    );
    const tookMs = tasksOf(await browser.stopTracing()).reduce((sum, ms) => sum + ms, 0);
    console.info(`shown after ${tookMs.toFixed(0)} ms on the processor, ${onWall.toFixed(0)} ms by the clock`);
    await waitFor('the new rows', async () => (await shown()) !== before);
    expect(tookMs).toBeGreaterThan(0);
    expect(tookMs).toBeLessThan(MOST_MS);
    await page.context().close();
  });
});
