import type { LeasedDelivery } from '../domain/leased-delivery.ts';
import type { AwaitedResult } from '../domain/target-answer.ts';
import { AnswerRoom, WholeAnswer } from './whole-answer.ts';

/** Told once what became of the attempt, never before it was taken down. Must not throw. */
export type Told = (result: AwaitedResult) => void;

/** The delivery of one event whose answer senders wait for. */
interface Awaited {
  target: string;
  waiting: Set<Told>;
  /** What is read of the answer; null until the attempt begins. */
  whole: WholeAnswer | null;
}

/**
 * The deliveries whose answers somebody waits for: from when the event is on disk until its attempt has ended. The
 * attempt goes on when nobody waits any more, so that a sender who comes again while it runs can wait for it too.
 */
export class AwaitedAnswers {
  readonly #byEvent = new Map<string, Awaited>();
  readonly #room = new AnswerRoom();

  /** Deliveries that are waited for, and the memory of what was read of their answers. */
  get held(): { deliveries: number; bytes: number } {
    return { deliveries: this.#byEvent.size, bytes: this.#room.used };
  }

  has(eventId: string): boolean {
    return this.#byEvent.has(eventId);
  }

  /** @returns ends the waiting; then `told` is not called */
  add(eventId: string, target: string, told: Told): () => void {
    const awaited = this.#byEvent.get(eventId) ?? { target, waiting: new Set(), whole: null };
    this.#byEvent.set(eventId, awaited);
    awaited.waiting.add(told);
    return () => {
      awaited.waiting.delete(told);
      const isOver = awaited.waiting.size === 0 && awaited.whole === null;
      if (isOver && this.#byEvent.get(eventId) === awaited) this.#byEvent.delete(eventId);
    };
  }

  /** An attempt begins. @returns where its answer has to be kept, or null when nobody waits for it, which is the usual case */
  begin({ event, target }: LeasedDelivery): WholeAnswer | null {
    if (this.#byEvent.size === 0) return null;
    const awaited = this.#byEvent.get(event.id);
    if (awaited === undefined || awaited.target !== target || awaited.whole !== null) return null;
    awaited.whole = new WholeAnswer(this.#room);
    return awaited.whole;
  }

  /** The attempt that {@link begin} was asked about has ended. */
  ended(eventId: string, whole: WholeAnswer, isSuccess: boolean): void {
    const answer = whole.answer();
    if (!isSuccess) this.#tell(eventId, { kind: 'failed' });
    else this.#tell(eventId, answer === null ? { kind: 'too_large' } : { kind: 'answered', answer });
    whole.drop();
  }

  /** A filter made the attempt that {@link begin} was asked about needless. */
  filtered(eventId: string, whole: WholeAnswer): void {
    this.#tell(eventId, { kind: 'filtered' });
    whole.drop();
  }

  /** Attempts on the target that have not begun will not begin soon. */
  notStarted(target: string): void {
    for (const [eventId, awaited] of this.#byEvent) {
      if (awaited.target === target && awaited.whole === null) this.#tell(eventId, { kind: 'not_started' });
    }
  }

  #tell(eventId: string, result: AwaitedResult): void {
    const waiting = this.#byEvent.get(eventId)?.waiting ?? [];
    this.#byEvent.delete(eventId);
    for (const told of waiting) told(result);
  }
}
