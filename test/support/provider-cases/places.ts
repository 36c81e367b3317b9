import type { HeaderList } from '../../../src/domain/event.ts';
import type { OutgoingRequest } from '../../../src/providers/draft.ts';

/** Changes the text at a place of a request (`header:`, `query:` or `body:`); null takes it away. */
export function changeAt(request: OutgoingRequest, place: string, change: (text: string) => string | null): OutgoingRequest {
  const [kind, name] = split(place);
  if (kind === 'header') {
    const text = change(request.headers[name] ?? '');
    const { [name]: _, ...others } = request.headers;
    return { ...request, headers: text === null ? others : { ...others, [name]: text } };
  }
  if (kind === 'query') {
    const query = new URLSearchParams(request.query);
    const text = change(query.get(name) ?? '');
    if (text === null) query.delete(name);
    else query.set(name, text);
    return { ...request, query: query.toString() };
  }
  const payload: unknown = JSON.parse(request.body.toString());
  changeMember(payload, name.split('.'), change);
  return { ...request, body: Buffer.from(JSON.stringify(payload)) };
}

function changeMember(payload: unknown, path: readonly string[], change: (text: string) => string | null): void {
  const [step = '', ...rest] = path;
  const members = payload as Record<string, unknown>;
  if (rest.length > 0) {
    changeMember(members[step], rest, change);
    return;
  }
  const text = change(String(members[step] ?? ''));
  if (text === null) delete members[step];
  else members[step] = text;
}

/** The text at a place, as {@link changeAt} would change it. */
export function textAt(request: OutgoingRequest, place: string): string {
  let found = '';
  changeAt(request, place, (text) => {
    found = text;
    return text;
  });
  return found;
}

/** A request with a place that is there twice. */
export function doubled(
  request: OutgoingRequest,
  place: string,
  other: string,
  order: 'before' | 'after',
): { headers: HeaderList; query: string } {
  const [kind, name] = split(place);
  const headers = Object.entries(request.headers);
  if (kind === 'header') {
    return { headers: order === 'before' ? [[name, other], ...headers] : [...headers, [name, other]], query: request.query };
  }
  const more = `${name}=${encodeURIComponent(other)}`;
  return { headers, query: order === 'before' ? `${more}&${request.query}` : `${request.query}&${more}` };
}

function split(place: string): [kind: string, name: string] {
  const colon = place.indexOf(':');
  return [place.slice(0, colon), place.slice(colon + 1)];
}
