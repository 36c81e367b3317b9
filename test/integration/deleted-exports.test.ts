import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { postEvent } from '../support/event-client.ts';
import { startReceiver } from '../support/receiver.ts';
import { RelayProcess } from '../support/relay-process.ts';
import { waitFor } from '../support/wait.ts';

it('a deleted event is in no export any more', async () => {
  const receiver = await startReceiver();
  const relay = await RelayProcess.start({ target: receiver.url });
  try {
    await postEvent(relay.hookUrl, { key: 'canary-of-an-export' });
    const started = await relay.admin.call('POST', '/api/v1/exports', { filter: { all: true } });
    const { taskId } = started.body as { taskId: string };
    const task = async () => (await relay.admin.get(`/api/v1/tasks/${taskId}`)) as { status: string; resultUrl: string | null };
    await waitFor('the export', async () => (await task()).status === 'completed');
    const folder = join(dirname(relay.database), 'exports', 'hookbay');
    const exported = () => readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
    expect(exported().join()).toContain('canary-of-an-export');

    const { data } = (await relay.admin.get('/api/v1/events')) as { data: { id: string }[] };
    const deleted = await relay.admin.call('DELETE', `/api/v1/events/${data[0]?.id}`);
    expect(deleted.status).toBe(200);
    expect(exported()).toEqual([]);
    expect(await task()).toMatchObject({ status: 'completed', resultUrl: null });
    expect((await relay.admin.call('GET', `/api/v1/tasks/${taskId}/download`)).status).toBe(410);
  } finally {
    await relay.remove();
    await receiver.close();
  }
});
