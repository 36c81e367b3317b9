import { afterEach, expect, test } from 'vitest';
import { launch, RelayProcess } from '../support/relay-process.ts';

const target = 'http://127.0.0.1:9/hooks';
let relay: RelayProcess;
afterEach(() => relay.remove());

test('a second process over the same database ends at once and says why; a killed owner leaves it free', {
  timeout: 30_000,
}, async () => {
  relay = await RelayProcess.start({ target });
  const startedAt = performance.now();
  const second = launch({ target, folder: relay.folder });
  const { code } = await second.exited;
  expect(code).toBeGreaterThan(0);
  // The promise is one second. What loading the program takes on this machine now, the first start has shown.
  expect(performance.now() - startedAt).toBeLessThan(relay.readyMs + 1_000);
  expect(second.lines.join('\n')).toMatch(/another process|in use|lock/i);
  expect((await fetch(`${relay.publicUrl}/readyz`)).status).toBe(200);

  await relay.kill();
  relay = await relay.startAgain();
  expect((await fetch(`${relay.publicUrl}/readyz`)).status).toBe(200);
});
