import { HttpConnection } from './http-connection.ts';
import { type LoadPlan, type LoadReport, percentiles } from './load-plan.ts';
import { RequestTemplate } from './request-template.ts';

// The load generator, a process of its own: takes a LoadPlan as its argument, prints a LoadReport.

interface Lane {
  connection: HttpConnection;
  request: RequestTemplate;
  /** Monotonic ms at which the request under way was due; null while the lane is free. */
  dueAt: number | null;
}

class Load {
  readonly lanes: Lane[] = [];
  /** Told when a lane has been answered. */
  onFree: (lane: Lane) => void = () => undefined;
  sent = 0;
  answered = 0;
  #ok = 0;
  #firstSentAt = 0;
  #lastAnsweredAt = 0;
  readonly #failed: Record<string, number> = {};
  readonly #latencies: number[] = [];
  readonly #lateness: number[] = [];

  async connect(plan: LoadPlan): Promise<void> {
    const urls = plan.urls.map((url) => new URL(url));
    for (let i = 0; i < plan.connections; i += 1) {
      const url = urls[i % urls.length];
      if (url !== undefined) this.#addLane(url, plan);
    }
    await Promise.all(this.lanes.map((lane) => lane.connection.connected()));
  }

  #addLane(url: URL, plan: LoadPlan): void {
    const lane: Lane = {
      connection: new HttpConnection(
        url,
        (status) => this.#answer(lane, status),
        (error) => {
          throw new Error('a connection of the generator was lost', { cause: error });
        },
      ),
      request: new RequestTemplate(url, plan.keyPrefix, plan.bodySize, plan.proof, plan.markers),
      dueAt: null,
    };
    this.lanes.push(lane);
  }

  send(lane: Lane, dueAt: number, now: number): void {
    if (this.sent === 0) this.#firstSentAt = performance.timeOrigin + now;
    lane.dueAt = dueAt;
    lane.request.setKey(this.sent);
    this.#lateness.push(now - dueAt);
    this.sent += 1;
    lane.connection.send(lane.request.bytes);
  }

  #answer(lane: Lane, status: number): void {
    const now = performance.now();
    this.answered += 1;
    this.#lastAnsweredAt = performance.timeOrigin + now;
    if (lane.dueAt !== null) this.#latencies.push(now - lane.dueAt);
    lane.dueAt = null;
    if (status >= 200 && status < 300) this.#ok += 1;
    else this.#failed[status] = (this.#failed[status] ?? 0) + 1;
    this.onFree(lane);
  }

  report(): LoadReport {
    return {
      sent: this.sent,
      ok: this.#ok,
      failed: this.#failed,
      seconds: (this.#lastAnsweredAt - this.#firstSentAt) / 1000,
      firstSentAt: this.#firstSentAt,
      lastAnsweredAt: this.#lastAnsweredAt,
      latencyMs: percentiles(this.#latencies),
      samplesMs: this.#lateness.length === 0 ? [] : this.#latencies.map((each) => Number(each.toFixed(2))),
      latenessMs: percentiles(this.#lateness),
    };
  }
}

/** Resolves when the last request has been answered. */
function closedLoop(load: Load, requests: number, seconds: number): Promise<void> {
  return new Promise((resolve) => {
    const endAt = performance.now() + seconds * 1000;
    const goOn = (now: number): boolean => load.sent < requests && now < endAt;
    const next = (lane: Lane): void => {
      const now = performance.now();
      if (goOn(now)) load.send(lane, now, now);
      else if (load.answered === load.sent) resolve();
    };
    load.onFree = next;
    for (const lane of load.lanes) next(lane);
  });
}

function openLoop(load: Load, ratePerSecond: number, seconds: number): Promise<void> {
  return new Promise((resolve) => {
    const total = Math.round(ratePerSecond * seconds);
    const startAt = performance.now();
    const free = [...load.lanes];
    const dueAt = (index: number): number => startAt + (index * 1000) / ratePerSecond;
    const sendDue = (): void => {
      const now = performance.now();
      while (load.sent < total && dueAt(load.sent) <= now) {
        // In turn: a lane that is left out for seconds is closed by the server as idle.
        const lane = free.shift();
        if (lane === undefined) return; // all under way: the wait counts, for latency runs from the due time
        load.send(lane, dueAt(load.sent), now);
      }
    };
    load.onFree = (lane) => {
      free.push(lane);
      sendDue();
      if (load.answered === total) resolve();
    };
    const tick = (): void => {
      sendDue();
      if (load.sent < total) setTimeout(tick, 1);
    };
    tick();
  });
}

const plan: LoadPlan = JSON.parse(process.argv[2] ?? '');
const load = new Load();
await load.connect(plan);
if (plan.kind === 'open') await openLoop(load, plan.ratePerSecond, plan.seconds);
else await closedLoop(load, plan.requests ?? Number.POSITIVE_INFINITY, plan.seconds ?? Number.POSITIVE_INFINITY);
for (const lane of load.lanes) lane.connection.close();
console.log(JSON.stringify({ msg: 'done', ...load.report() }));
