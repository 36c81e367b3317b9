import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/load.ts';
import { systemClock } from '../../src/domain/clock.ts';
import { createRelay } from '../../src/relay.ts';
import { AdminClient } from './admin-client.ts';
import { recordingLogger } from './dispatch.ts';

export const PROXY_PATH = '/webhooks/decisions';

export interface ProxySetup {
  /** URL of the target `app`, which answers. */
  app: string;
  targetOptions?: Record<string, unknown>;
  routeOptions?: Record<string, unknown>;
  targets?: Record<string, unknown>;
  limits?: Record<string, unknown>;
}

/** One answer, byte for byte. */
export interface Answer {
  status: number;
  /** Names and values by turns, as they came. */
  rawHeaders: string[];
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** From the request to the whole answer, ms. */
  afterMs: number;
}

function configOf(setup: ProxySetup): string {
  return JSON.stringify({
    listen: '127.0.0.1:0',
    admin: { listen: '127.0.0.1:0' },
    storage: { url: 'sqlite:./hookbay.db', minFree: '1MiB' },
    ...(setup.limits === undefined ? {} : { limits: setup.limits }),
    targets: { app: { url: setup.app, ...setup.targetOptions }, ...setup.targets },
    routes: {
      decisions: {
        path: PROXY_PATH,
        verify: 'none',
        dedup: { key: 'header:x-key' },
        mode: 'proxy',
        deliver: 'app',
        ...setup.routeOptions,
      },
    },
  });
}

/** A whole relay in this process, with one route in proxy mode. */
export async function startProxyRelay(first: ProxySetup) {
  const folder = mkdtempSync(join(tmpdir(), 'hookbay-proxy-'));
  let setup = first;
  const load = () => loadConfig(configOf(setup), { file: null, cwd: folder, env: {} });
  const loaded = load();
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
  const { logger, messages } = recordingLogger();
  const relay = createRelay({
    config: loaded.config,
    logger: { ...logger, isLevelEnabled: () => false },
    clock: systemClock,
    reloadConfig: async () => load(),
    dashboardDir: folder,
    build: { version: '0', node: '0' },
    hideSecret: () => undefined,
    memory: () => ({ rss: 0, heapUsed: 0, external: 0 }),
  });
  const { public: open, admin: inner } = await relay.start();
  const admin = new AdminClient(`http://127.0.0.1:${inner.port}`);
  const url = `http://127.0.0.1:${open.port}${PROXY_PATH}`;
  return {
    url,
    admin,
    messages,
    post: (key: string, body: string | Buffer = '{}') => post(url, key, body),
    outcome: (outcome: string) => admin.metric('hookbay_proxied_answers_total', { outcome }),
    async reload(changes: Partial<ProxySetup>) {
      setup = { ...setup, ...changes };
      return relay.reload();
    },
    stop: () => relay.stop(),
    async remove() {
      await relay.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export type ProxyRelay = Awaited<ReturnType<typeof startProxyRelay>>;

// Each request has a connection of its own, so that a stopping relay has nothing idle to wait for.
const agent = new Agent({ keepAlive: false });

/** Posts an event and waits for the whole answer; nothing in it is decompressed. Rejects when the connection breaks. */
function post(url: string, key: string, body: string | Buffer): Promise<Answer> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const headers = { 'x-key': key, 'content-length': Buffer.byteLength(body) };
    const outgoing = request(url, { method: 'POST', agent, headers }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () => {
        const { statusCode: status = 0, rawHeaders, headers: parsed } = incoming;
        resolve({ status, rawHeaders, headers: parsed, body: Buffer.concat(chunks), afterMs: performance.now() - startedAt });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
