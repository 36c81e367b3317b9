/** One message of a stream of server-sent events. */
export interface StreamMessage {
  id: string | null;
  event: string;
  data: unknown;
}

export interface OpenStream {
  /** Resolves with the first bytes: from then on nothing is missed. */
  opened: Promise<void>;
  /** The next `count` messages of this kind; others stay for later. */
  take(event: string, count: number): Promise<StreamMessage[]>;
  [Symbol.asyncDispose](): Promise<void>;
}

function parsed(block: string): StreamMessage | null {
  const fields = new Map(block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]));
  const data = fields.get('data');
  if (data === undefined) return null;
  return { id: fields.get('id') ?? null, event: fields.get('event') ?? 'message', data: JSON.parse(data) as unknown };
}

/** Reads server-sent events as a client does. */
export async function openStream(url: string, headers: Record<string, string>): Promise<OpenStream> {
  const leaving = new AbortController();
  const response = await fetch(url, { headers, signal: leaving.signal });
  if (response.status !== 200 || response.body === null) throw new Error(`the stream answered ${response.status}`);
  const messages: StreamMessage[] = [];
  const opened = Promise.withResolvers<void>();
  let changed = Promise.withResolvers<void>();
  const reading = (async () => {
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      opened.resolve();
      text += decoder.decode(chunk, { stream: true });
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const message = parsed(block);
        if (message !== null) messages.push(message);
      }
      changed.resolve();
      changed = Promise.withResolvers<void>();
    }
  })().catch(() => undefined);
  return {
    opened: opened.promise,
    async take(event, count) {
      const ofKind = () => messages.filter((message) => message.event === event);
      while (ofKind().length < count) await changed.promise;
      const taken = ofKind().slice(0, count);
      for (const message of taken) messages.splice(messages.indexOf(message), 1);
      return taken;
    },
    async [Symbol.asyncDispose]() {
      leaving.abort();
      await reading;
    },
  };
}
