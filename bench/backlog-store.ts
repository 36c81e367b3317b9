import { rmSync } from 'node:fs';
import { ROUTE_PATH, TOKEN } from '../test/support/knowledgesdk-event.ts';
import { newFolder, RelayProcess, type RelaySetup } from '../test/support/relay-process.ts';
import { generate } from './processes.ts';
import { type Bench, closedLoad } from './scenario.ts';

/** The target whose deliveries are the backlog. */
export const BACKLOG_TARGET = 'archive';

/** Configuration with two targets, the route delivering to one of them. */
export function twoTargets(receiverUrl: string, deliverTo: 'app' | typeof BACKLOG_TARGET): Record<string, unknown> {
  return {
    limits: { backlog: 10_000_000 }, // more than is made here: what is measured is not the cap
    targets: { app: { url: receiverUrl, concurrency: 64 }, [BACKLOG_TARGET]: { url: receiverUrl, concurrency: 64 } },
    routes: {
      knowledgesdk: { path: ROUTE_PATH, verify: { provider: 'knowledgesdk', token: TOKEN }, deliver: [deliverTo] },
    },
  };
}

/** A relay over the backlog's database; what comes in goes to the other target. */
export async function startOverBacklog({ receiver, relay, backlog }: Bench): Promise<RelayProcess> {
  const target = receiver.url;
  return RelayProcess.start({ ...relay, target, folder: await backlog.folder(), config: twoTargets(target, 'app') });
}

/**
 * A database with many pending deliveries to a paused target, made through the relay's own door, once for all
 * scenarios that ask for it.
 */
export class Backlog {
  readonly events: number;
  readonly #relay: Pick<RelaySetup, 'entry' | 'nodeFlags'>;
  readonly #receiverUrl: string;
  #folder: Promise<string> | null = null;

  constructor(events: number, receiverUrl: string, relay: Pick<RelaySetup, 'entry' | 'nodeFlags'>) {
    this.events = events;
    this.#receiverUrl = receiverUrl;
    this.#relay = relay;
  }

  /** The folder with the database; no relay runs over it. */
  folder(): Promise<string> {
    this.#folder ??= this.#make();
    return this.#folder;
  }

  async remove(): Promise<void> {
    if (this.#folder !== null) rmSync(await this.#folder, { recursive: true, force: true });
  }

  async #make(): Promise<string> {
    const folder = newFolder();
    const config = twoTargets(this.#receiverUrl, BACKLOG_TARGET);
    const relay = await RelayProcess.start({ ...this.#relay, folder, target: this.#receiverUrl, config });
    await relay.admin.post(`/api/v1/targets/${BACKLOG_TARGET}/pause`);
    const report = await generate(closedLoad(relay.hookUrl, { requests: this.events }));
    await relay.stop();
    if (report.ok !== this.events) throw new Error(`the backlog could not be made: ${JSON.stringify(report.failed)}`);
    return folder;
  }
}
