import * as z from 'zod';
import { choice, duration, rate } from './leaves.ts';
import { shownHost, urlSecrets } from './shown-url.ts';
import type { AlertConfig } from './types.ts';
import { formatDuration, formatRate } from './units.ts';
import { httpUrl } from './urls.ts';

const SECOND = 1000;
const DAY = 24 * 3_600_000;

const destination = z
  .strictObject({
    url: httpUrl().meta({
      description:
        'Gets a POST when something begins that a person should look at, and when it is over. Shown by its host alone.',
    }),
    format: choice(['json', 'slack', 'discord'])
      .prefault('json')
      .meta({ description: 'What is posted: JSON of our own (docs/alerts.md), or what the webhooks of Slack or Discord take.' }),
    backlogAge: z
      .union([duration(30 * SECOND, 30 * DAY), choice(['off'])])
      .prefault('15m')
      .meta({
        expected: 'a duration from 30s to 30d, or off',
        description: 'Alerts when the oldest due delivery of a target has waited for so long; looked at every 30 s.',
      }),
    refusals: z
      .union([rate(), choice(['off'])])
      .prefault('100/m')
      .meta({
        expected: 'a rate such as 100/s, 600/m or 5000/h, or off',
        description: 'Alerts when one route refuses so many requests, whatever the reason. Paths without a route do not count.',
      }),
    quiet: duration(SECOND, 30 * DAY)
      .prefault('1h')
      .meta({
        description: 'A dead letter alerts when its target had none for so long; the alert is over after as long without one.',
      }),
  })
  .meta({ expected: '{ url, format, backlogAge, refusals, quiet }' });

const ALERT = '{ url, format, backlogAge, refusals, quiet }, or a list of them';

/** Who is told about trouble: one or several. */
export const alert = z.union([destination, z.array(destination).max(10)]).meta({
  description: 'Who is told about trouble; one, or a list.',
  expected: ALERT,
});

type FileAlert = z.output<typeof alert>;

/** Empty when nobody is told. */
export function resolveAlerts(configured: FileAlert | undefined): AlertConfig[] {
  const list = configured === undefined ? [] : Array.isArray(configured) ? configured : [configured];
  return list.map(({ url, format, backlogAge, refusals, quiet }) => ({
    url,
    shownUrl: shownHost(url),
    format,
    backlogAgeMs: backlogAge === 'off' ? null : backlogAge,
    refusals: refusals === 'off' ? null : refusals,
    quietMs: quiet,
  }));
}

/** As the effective configuration shows it. */
export function alertsShown(alerts: readonly AlertConfig[]): object | null {
  const shown = alerts.map(({ shownUrl, format, backlogAgeMs, refusals, quietMs }) => ({
    url: shownUrl,
    format,
    backlogAge: backlogAgeMs === null ? 'off' : formatDuration(backlogAgeMs),
    refusals: refusals === null ? 'off' : formatRate(refusals),
    quiet: formatDuration(quietMs),
  }));
  return shown.length > 1 ? shown : (shown[0] ?? null);
}

/** The whole URL is one: those of chat services carry their key in the path. */
export function alertSecrets(alerts: readonly AlertConfig[]): string[] {
  return alerts.flatMap(({ url }) => {
    const parsed = new URL(url);
    return [...(parsed.pathname === '/' ? [] : [parsed.pathname]), ...urlSecrets(url)];
  });
}
