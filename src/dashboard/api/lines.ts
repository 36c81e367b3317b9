import { ask } from './client.ts';

/** The objects of an answer that is told one JSON a line, as they come. @throws ApiProblem, or the signal's reason */
export async function* lines<T>(path: string, signal: AbortSignal): AsyncGenerator<T> {
  const { body } = await ask(path, signal);
  if (body === null) return;
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const parts = (rest + value).split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) if (part !== '') yield JSON.parse(part) as T;
    }
  } finally {
    void reader.cancel().catch(() => {}); // what was left unread
  }
}
