import { expect, test } from 'vitest';
import { AnswerRoom, WHOLE_ANSWER_LIMIT, WholeAnswer } from '../../src/deliver/whole-answer.ts';

const RAW = [Buffer.from('X-Name'), Buffer.from('caf\xe9', 'latin1')];

test('an answer is whole only when it was read to its end', () => {
  const answer = new WholeAnswer(new AnswerRoom());
  answer.begin(200, RAW);
  expect([answer.take(Buffer.from('a')), answer.take(Buffer.from('b'))]).toEqual([true, true]);
  expect(answer.answer()).toBeNull();
  answer.complete();
  expect(answer.answer()).toEqual({ status: 200, headers: [['X-Name', 'caf\xe9']], body: Buffer.from('ab') });
});

test.each([
  ['a failure', 500, RAW],
  ['a redirect', 302, RAW],
  ['an answer without its raw fields', 200, null],
])('nothing is kept of %s', (_name, status, raw) => {
  const room = new AnswerRoom();
  const answer = new WholeAnswer(room);
  answer.begin(status, raw);
  expect(answer.take(Buffer.from('a'))).toBe(false);
  answer.complete();
  expect([answer.answer(), room.used]).toEqual([null, 0]);
});

test('what passes the limit is dropped, and its memory given back', () => {
  const room = new AnswerRoom();
  const answer = new WholeAnswer(room);
  answer.begin(200, RAW);
  expect(answer.take(Buffer.alloc(WHOLE_ANSWER_LIMIT))).toBe(true);
  expect(room.used).toBe(WHOLE_ANSWER_LIMIT);
  expect(answer.take(Buffer.alloc(1))).toBe(false);
  answer.complete();
  expect([answer.answer(), room.used]).toEqual([null, 0]);
});

test('all answers together take no more than the room, however small their pieces', () => {
  const room = new AnswerRoom(64 * 1024);
  const answers = Array.from({ length: 8 }, () => new WholeAnswer(room));
  for (const answer of answers) answer.begin(200, RAW);
  const kept = answers.filter((answer) => {
    for (let i = 0; i < 12_000; i += 1) if (!answer.take(Buffer.alloc(1))) return false;
    return true;
  });
  expect(kept.length).toBe(4);
  expect(room.used).toBeLessThanOrEqual(64 * 1024);
  for (const answer of answers) answer.drop();
  expect(room.used).toBe(0);
});
