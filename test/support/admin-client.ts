/** An answer of the admin API, parsed. */
export interface AdminAnswer {
  status: number;
  body: unknown;
}

export interface DeliveryCounts {
  pending: number;
  delivered: number;
  dead: number;
  held: number;
}

export interface ListedEvent {
  id: string;
  dedupKey: string | null;
  statuses: Partial<Record<string, number>>;
}

/** The few calls of the admin API that the harnesses make, over real HTTP. */
export class AdminClient {
  readonly #base: string;

  constructor(base: string) {
    this.#base = base;
  }

  async call(method: string, path: string, body?: unknown): Promise<AdminAnswer> {
    const response = await fetch(`${this.#base}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      signal: AbortSignal.timeout(10_000),
    });
    const text = await response.text();
    return { status: response.status, body: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text };
  }

  /** @throws Error on any answer that is not 2xx */
  async get(path: string): Promise<unknown> {
    return expectOk(await this.call('GET', path), `GET ${path}`);
  }

  async post(path: string, body: unknown = {}): Promise<unknown> {
    return expectOk(await this.call('POST', path, body), `POST ${path}`);
  }

  /** How many deliveries of a target are in each state. */
  async counts(target: string): Promise<DeliveryCounts> {
    const view = await this.get(`/api/v1/targets/${target}`);
    const counts = isRecord(view) && isRecord(view.counts) ? view.counts : {};
    const count = (status: string): number => Number(counts[status] ?? 0);
    return { pending: count('pending'), delivered: count('delivered'), dead: count('dead'), held: count('held') };
  }

  /** Every stored event, page by page. */
  async *events(): AsyncGenerator<ListedEvent> {
    let cursor: string | null = null;
    do {
      const page = await this.get(`/api/v1/events?limit=100${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`);
      if (!isRecord(page) || !Array.isArray(page.data)) throw new Error('not a page of events');
      for (const event of page.data) yield readEvent(event);
      cursor = typeof page.nextCursor === 'string' ? page.nextCursor : null;
    } while (cursor !== null);
  }

  /** The value of a metric, the sum over its label sets that contain all the given labels. */
  async metric(name: string, labels: Record<string, string> = {}): Promise<number> {
    const text = String(await this.get('/metrics'));
    let sum = 0;
    for (const line of text.split('\n')) {
      if (!line.startsWith(`${name} `) && !line.startsWith(`${name}{`)) continue;
      const matches = Object.entries(labels).every(([label, value]) => line.includes(`${label}="${value}"`));
      if (matches) sum += Number(line.slice(line.lastIndexOf(' ') + 1));
    }
    return sum;
  }
}

function expectOk(answer: AdminAnswer, what: string): unknown {
  if (answer.status >= 200 && answer.status < 300) return answer.body;
  throw new Error(`${what} was answered ${answer.status}: ${JSON.stringify(answer.body)}`);
}

function readEvent(value: unknown): ListedEvent {
  if (!isRecord(value) || typeof value.id !== 'string') throw new Error('not an event');
  const statuses = isRecord(value.statuses) ? value.statuses : {};
  return {
    id: value.id,
    dedupKey: typeof value.dedupKey === 'string' ? value.dedupKey : null,
    statuses: Object.fromEntries(Object.entries(statuses).map(([status, count]) => [status, Number(count)])),
  };
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
