import type { Dispatcher } from 'undici';
import { expect, test } from 'vitest';
import { HttpAttempt } from '../../src/deliver/attempt.ts';
import type { AttemptResult } from '../../src/deliver/classify.ts';
import { Deadlines } from '../../src/deliver/deadlines.ts';
import { createManualClock } from '../support/manual-clock.ts';

/** undici's side of a request: it tells the handler what happens and is told to abort. */
function undiciController(): Dispatcher.DispatchController & { aborts: number } {
  return {
    aborts: 0,
    aborted: false,
    paused: false,
    reason: null,
    abort() {
      this.aborts += 1;
    },
    pause() {},
    resume() {},
  };
}

function open() {
  const clock = createManualClock();
  const results: AttemptResult[] = [];
  const attempt = new HttpAttempt(clock, new Deadlines(clock, 1000), null, (result) => results.push(result));
  return { clock, results, attempt, controller: undiciController() };
}

test('an attempt that ended while its connection was made is not sent when it is there', async () => {
  const { clock, results, attempt, controller } = open();
  await clock.advance(1000);
  expect(results).toMatchObject([{ failure: { code: 'timeout' }, durationMs: 1000 }]);
  attempt.onRequestStart(controller);
  expect(controller.aborts).toBe(1);
});

test('it ends once, whatever comes later', async () => {
  const { clock, results, attempt, controller } = open();
  attempt.onRequestStart(controller);
  attempt.onResponseStart(controller, 200, {});
  attempt.onResponseEnd();
  attempt.onResponseError(controller, new Error('late'));
  attempt.abort('cancelled');
  await clock.advance(5000);
  expect(results).toMatchObject([{ failure: null, statusCode: 200 }]);
  expect(controller.aborts).toBe(0);
});

test('an interim answer is not the answer', () => {
  const { results, attempt, controller } = open();
  attempt.onRequestStart(controller);
  attempt.onResponseStart(controller, 103, { link: '</style.css>' });
  attempt.onResponseStart(controller, 404, { 'retry-after': ['3', '5'] });
  attempt.onResponseEnd();
  expect(results).toMatchObject([
    {
      statusCode: 404,
      failure: { code: 'target_status' },
      retryAfter: '3',
      response: {
        headers: [
          ['retry-after', '3'],
          ['retry-after', '5'],
        ],
      },
    },
  ]);
});
