import { BodyBuffer } from '../domain/body-buffer.ts';
import type { TargetAnswer } from '../domain/target-answer.ts';

/** The largest body of an answer that is passed back to a sender. */
export const WHOLE_ANSWER_LIMIT = 1024 * 1024;

/** The memory of all such bodies together: what does not fit is answered with the acknowledgement. */
const ALL_ANSWERS_BYTES = 64 * 1024 * 1024;

/** Counts the memory of the answers that are being read for senders, all targets together. */
export class AnswerRoom {
  readonly #limit: number;
  #used = 0;

  constructor(limit: number = ALL_ANSWERS_BYTES) {
    this.#limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  take(bytes: number): boolean {
    if (this.#used + bytes > this.#limit) return false;
    this.#used += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#used -= bytes;
  }
}

/** undici's raw fields, names and values by turns, or over HTTP/2 a map of them; null for anything else. */
function headersOf(raw: unknown): [string, string][] | null {
  if (!Array.isArray(raw)) return typeof raw === 'object' && raw !== null ? fieldsOf(raw) : null;
  const texts = raw.map((part: unknown) => (Buffer.isBuffer(part) ? part.toString('latin1') : String(part)));
  const headers: [string, string][] = [];
  for (let i = 0; i + 1 < texts.length; i += 2) headers.push([texts[i] ?? '', texts[i + 1] ?? '']);
  return headers;
}

function fieldsOf(map: object): [string, string][] {
  return Object.entries(map).flatMap(([name, values]) =>
    (Array.isArray(values) ? values : [values]).map((value): [string, string] => [name, String(value)]),
  );
}

/** A 2xx answer as it is read, kept whole up to a limit. Anything else, and what is too large, is dropped at once. */
export class WholeAnswer {
  readonly #room: AnswerRoom;
  readonly #body = new BodyBuffer();
  #status = 0;
  #headers: [string, string][] = [];
  #taken = 0;
  #state: 'reading' | 'dropped' | 'complete' = 'reading';

  constructor(room: AnswerRoom) {
    this.#room = room;
  }

  /** @param rawHeaders as undici has them, so that their order, spelling and repeats stay */
  begin(status: number, rawHeaders: unknown): void {
    const headers = headersOf(rawHeaders);
    if (status < 200 || status > 299 || headers === null) {
      this.drop();
      return;
    }
    this.#status = status;
    this.#headers = headers;
  }

  /** @returns whether more of the answer is wanted */
  take(chunk: Buffer): boolean {
    if (this.#state !== 'reading') return false;
    const more = this.#body.sizeWith(chunk) - this.#taken;
    if (this.#body.length + chunk.length > WHOLE_ANSWER_LIMIT || !this.#room.take(more)) {
      this.drop();
      return false;
    }
    this.#taken += more;
    this.#body.append(chunk);
    return true;
  }

  complete(): void {
    if (this.#state === 'reading') this.#state = 'complete';
  }

  /** Forgets it and gives its memory back. */
  drop(): void {
    this.#state = 'dropped';
    this.#body.clear();
    this.#room.give(this.#taken);
    this.#taken = 0;
  }

  /** Null unless it was read to its end. */
  answer(): TargetAnswer | null {
    if (this.#state !== 'complete') return null;
    return { status: this.#status, headers: this.#headers, body: this.#body.bytes() };
  }
}
