import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect, test } from 'vitest';
import type { AwaitedResult } from '../../src/domain/target-answer.ts';
import { InFlightBytes } from '../../src/ingest/in-flight.ts';
import { DRAIN_PATIENCE_MS, WaitingSenders } from '../../src/ingest/waiting-senders.ts';
import { createManualClock } from '../support/manual-clock.ts';

/** A dispatcher that says what it is told to say, and remembers who waits. */
function open({ startsSoon = true } = {}) {
  const clock = createManualClock();
  const waiting = new Set<(result: AwaitedResult) => void>();
  const observed: string[] = [];
  const ignore = (): void => undefined;
  const senders = new WaitingSenders(
    {
      awaitAnswer(_event, told) {
        if (!startsSoon) return null;
        waiting.add(told);
        return () => waiting.delete(told);
      },
    },
    {
      accepted: ignore,
      duplicate: ignore,
      handshake: ignore,
      rejected: ignore,
      proxied: (_route, outcome) => void observed.push(outcome),
    },
    clock,
    new InFlightBytes(1024),
  );
  const answers: string[] = [];
  const wait = (startedAt: number, isFirst = true): void =>
    senders.wait(
      {
        response: new ServerResponse(new IncomingMessage(new Socket())),
        route: 'decisions',
        proxy: { target: 'app', deadlineMs: 5_000 },
        eventId: 'evt_1',
        isFirst,
        startedAt,
        acknowledge: () => void answers.push('acknowledged'),
        answered: (outcome) => void answers.push(String(outcome)),
      },
      () => false,
    );
  return { clock, senders, waiting, observed, answers, wait };
}

test('the deadline counts from the head of the request: what reading and storing took is waited less', async () => {
  const { clock, waiting, answers, wait } = open();
  await clock.advance(4_000);
  wait(0);
  await clock.advance(999);
  expect([answers, waiting.size]).toEqual([[], 1]);
  await clock.advance(1);
  expect([answers, waiting.size, clock.timers()]).toEqual([['acknowledged', 'late'], 0, 0]);
});

test('a sender whose deadline is over already does not wait', async () => {
  const { clock, waiting, answers, wait } = open();
  await clock.advance(5_000);
  wait(0);
  expect([answers, waiting.size]).toEqual([['acknowledged', 'late'], 0]);
});

test('who cannot be answered by an attempt is acknowledged at once; of duplicates nothing is counted', () => {
  const { observed, answers, wait } = open({ startsSoon: false });
  wait(0);
  wait(0, false);
  expect(answers).toEqual(['acknowledged', 'not_started', 'acknowledged', 'null']);
  expect(observed).toEqual(['not_started']);
});

test('while the relay stops nobody waits longer than its patience, whenever they come', async () => {
  const { clock, senders, answers, wait } = open();
  wait(0);
  senders.drain();
  await clock.advance(1_000);
  wait(1_000);
  await clock.advance(DRAIN_PATIENCE_MS - 1_001);
  expect(answers).toEqual([]);
  await clock.advance(1);
  expect(answers).toEqual(['acknowledged', 'late', 'acknowledged', 'late']);
  wait(3_000);
  expect(answers.length).toBe(6);
});

test('a sender is answered once, and keeps no timer', async () => {
  const { clock, waiting, observed, answers, wait } = open();
  wait(0);
  for (const told of waiting) told({ kind: 'failed' });
  await clock.advance(10_000);
  expect([answers, observed, clock.timers()]).toEqual([['acknowledged', 'failed'], ['failed'], 0]);
});
