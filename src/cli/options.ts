import { type Command, InvalidArgumentError, Option } from 'commander';
import { DELIVERY_STATUSES } from '../domain/delivery.ts';

/** Options of every command that asks a running relay. */
export interface AdminOptions {
  url?: string;
  token?: string;
  config?: string;
  json?: boolean;
}

export function addAdminOptions(command: Command): Command {
  return command
    .option('--url <url>', 'admin address of the relay (HOOKBAY_ADMIN_URL; default: from the configuration file)')
    .option('--token <token>', 'admin token (HOOKBAY_ADMIN_TOKEN, which other users of the machine cannot see, is better)')
    .option('-c, --config <file>', 'configuration file to take address and token from')
    .option('--json', 'print the answer as JSON, for programs');
}

/** Options that choose events or deliveries. */
export interface FilterOptions {
  route?: string;
  /** Not for lists of deliveries. */
  type?: string;
  status?: string;
  from?: string;
  to?: string;
}

export function addFilterOptions(command: Command): Command {
  return command
    .option('--route <name>', 'only of this route')
    .addOption(new Option('--status <status>', 'only with this status').choices(DELIVERY_STATUSES))
    .option('--from <time>', 'not older than this: 90s, 15m, 2h, 7d (ago), or an ISO 8601 time', parseTime)
    .option('--to <time>', 'older than this, in the same form', parseTime);
}

export interface PageOptions {
  limit: number;
  cursor?: string;
}

export function addPageOptions(command: Command): Command {
  return command
    .option('-n, --limit <count>', 'how many to list, 1 to 100', parseLimit, 20)
    .option('--cursor <cursor>', 'go on where the page before ended');
}

/** The filter as the admin API takes it. */
export function filterQuery(options: FilterOptions): Record<string, string> {
  const { route, type, status, from, to } = options;
  const given = Object.entries({ route, type, status, from, to });
  return Object.fromEntries(given.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

const UNIT_MS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A date, or a date with a time and perhaps a zone. What else `Date.parse` reads it guesses: "5" would be May 2001. */
const ISO_8601 = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?$/;

/** @returns ISO 8601, UTC */
export function parseTime(text: string): string {
  const ago = /^(\d{1,6})([smhd])$/.exec(text);
  const time = ago === null ? isoTime(text) : Date.now() - Number(ago[1]) * (UNIT_MS[ago[2] ?? ''] ?? 0);
  if (Number.isNaN(time)) throw new InvalidArgumentError('Write a time as 90s, 15m, 2h or 7d (ago), or as 2026-03-20T14:30:00Z.');
  return new Date(time).toISOString();
}

/** @returns wall ms; NaN for what is none, and for a day that its month does not have */
function isoTime(text: string): number {
  const day = ISO_8601.exec(text)?.[1];
  if (day === undefined) return Number.NaN;
  const midnight = new Date(`${day}T00:00:00Z`);
  const isInMonth = !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(day);
  return isInMonth ? Date.parse(text) : Number.NaN;
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > 100) throw new InvalidArgumentError('Write a whole number from 1 to 100.');
  return limit;
}

/** For options that may be given several times. */
export function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}
