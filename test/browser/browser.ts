import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/** Where packages of the common systems put it. */
const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** The installed Chromium, or null. */
export const CHROMIUM = PLACES.find((place) => existsSync(place)) ?? null;

const PAGE = fileURLToPath(new URL('../../dist/dashboard/index.html', import.meta.url));

/** @throws Error when there is no Chromium, or the page is not built */
export async function startBrowser(): Promise<Browser> {
  if (CHROMIUM === null) throw new Error('no Chromium is installed');
  if (!existsSync(PAGE)) throw new Error('the page is not built: run `npm run build`');
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
      '--disable-quic',
    ],
  });
}

export interface WatchedPage {
  page: Page;
  /** Everything that must not happen: errors, violations of the policy, dialogs of scripts, requests to elsewhere. */
  mishaps: string[];
}

/** A page in a context of its own that writes down whatever goes wrong. */
export async function openPage(browser: Browser, origin: string, options: BrowserContextOptions = {}): Promise<WatchedPage> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const mishaps: string[] = [];
  // Violations of the policy are among the console's errors.
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') mishaps.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => mishaps.push(`uncaught: ${error.message}`));
  page.on('dialog', (dialog) => {
    mishaps.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  context.on('request', (request) => {
    if (!request.url().startsWith(`${origin}/`)) mishaps.push(`request to ${request.url()}`);
  });
  return { page, mishaps };
}
