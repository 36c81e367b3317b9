import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hookbay } from '../support/command-line.ts';
import { ok, type Receiver, startReceiver } from '../support/receiver.ts';
import { RelayProcess } from '../support/relay-process.ts';
import { rowsIn } from '../support/store-steps.ts';
import { waitFor } from '../support/wait.ts';

interface Shown {
  id: string;
  status: string;
  reason: string | null;
  attempts: number;
  maxAttempts: number | null;
  lastAttempt: { outcome: string; statusCode: number | null } | null;
}

let app: Receiver;
let relay: RelayProcess;
beforeEach(async () => {
  app = await startReceiver();
});
afterEach(async () => {
  await relay.remove();
  await app.close();
});

const start = async (retry: object): Promise<void> => {
  relay = await RelayProcess.start({ target: `${app.url}/hooks`, targetOptions: { retry } });
};
const ask = (...argv: string[]) => hookbay([...argv, '--url', relay.adminUrl]);
const send = () => ask('send', '--route', 'knowledgesdk', '--event', 'PAGE_SCRAPED');
const delivery = async (): Promise<Shown | undefined> =>
  ((await relay.admin.get('/api/v1/deliveries')) as { data: Shown[] }).data[0];
const inStatus = (status: string): Promise<Shown> =>
  waitFor(status, async () => {
    const shown = await delivery();
    return shown?.status === status && shown.lastAttempt !== null ? shown : false;
  });

describe('410 under pauseOn', () => {
  test('pauses the target for everybody to see, over a crash, until somebody resumes it', async () => {
    app.behave({ kind: 'answer', status: 410 });
    await start({ pauseOn: [410] });
    await send();
    const waiting = await inStatus('pending');
    expect(waiting).toMatchObject({ reason: 'paused_on_status', attempts: 1, maxAttempts: 25 });
    expect(waiting.lastAttempt).toMatchObject({ outcome: 'paused', statusCode: 410 });
    expect((await relay.program.record('target paused by its answer')).level).toBe('warn');
    await waitFor('pause on disk', () => rowsIn(relay.database, 'SELECT * FROM paused_targets').length === 1);

    await relay.kill();
    relay = await relay.startAgain();
    const paused = { state: 'paused', reason: 'target answered 410' };
    expect(await relay.admin.get('/api/v1/targets/app')).toMatchObject(paused);
    expect((await ask('targets', 'app')).stdout).toMatch(/state +paused since .* \(target answered 410\)/);
    expect((await ask('deliveries', waiting.id)).stdout).toMatch(/1 +initial .* paused +The target answered 410/);
    await send();
    expect(app.received).toHaveLength(1);

    app.behave(ok);
    await ask('targets', 'app', '--resume');
    await waitFor('both deliveries', async () => (await relay.admin.counts('app')).delivered === 2);
    expect(app.received).toHaveLength(3);
  });
});

describe('a duration', () => {
  test('ends the retries by itself; the attempts have no number to end at', async () => {
    app.behave({ kind: 'answer', status: 500 });
    await start({ delays: ['300ms'], jitter: 0, duration: '1s' });
    await send();
    const dead = await inStatus('dead');
    expect(dead).toMatchObject({ reason: 'duration_exhausted', maxAttempts: null });
    expect(dead.attempts).toBe(app.received.length);
    expect(dead.attempts).toBeGreaterThan(2);
    expect((await ask('targets', 'app')).stdout).toMatch(/attempts +until the retry duration is over/);

    // An operator's retry begins the duration anew.
    await ask('deliveries', dead.id, '--retry');
    await waitFor('more than one attempt', () => app.received.length > dead.attempts + 1);
    await inStatus('dead');
  });
});

test('a status in deadOn is dead after one attempt', async () => {
  app.behave({ kind: 'answer', status: 422 });
  await start({ deadOn: [400, 422] });
  await send();
  expect(await inStatus('dead')).toMatchObject({ reason: 'dead_on_status', attempts: 1 });
});
