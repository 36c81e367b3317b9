/** One message of a stream of server-sent events; `data` null: it only says where to go on. */
export interface ServerEvent {
  id: string | null;
  event: string;
  data: string | null;
}

/** Reads server-sent events (HTML standard, section 9.2.6) from text that comes in pieces. */
export class ServerEventReader {
  #rest = '';

  /** @returns the messages that are complete now */
  push(text: string): ServerEvent[] {
    const blocks = (this.#rest + text).replaceAll('\r\n', '\n').split('\n\n');
    this.#rest = blocks.pop() ?? '';
    return blocks.map(messageOf).filter((message) => message.id !== null || message.data !== null);
  }
}

function messageOf(block: string): ServerEvent {
  const message: ServerEvent = { id: null, event: 'message', data: null };
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'id') message.id = value;
    else if (name === 'event') message.event = value;
    else if (name === 'data') message.data = message.data === null ? value : `${message.data}\n${value}`;
  }
  return message;
}
