/** The token that every test relay's KnowledgeSDK route is configured with. */
export const TOKEN = 'a-token-for-tests-only';
export const TOKEN_HEADER = 'x-knowledgesdk-webhook-token';
export const KEY_HEADER = 'x-knowledgesdk-dedup-key';
export const ROUTE_PATH = '/webhooks/knowledgesdk';

/** A KnowledgeSDK body, filled up with page text to exactly `size` bytes. */
export function eventBody(size: number, marker = ''): Buffer {
  const build = (content: string): string =>
    JSON.stringify({
      event: 'PAGE_SCRAPED',
      payload: { url: 'https://docs.example.com/guide', marker, content },
      timestamp: '2026-03-20T14:30:00.000Z',
      version: 1,
    });
  const missing = size - Buffer.byteLength(build(''));
  if (missing < 0) throw new Error(`a body of ${size} bytes is too small, the smallest is ${size - missing}`);
  return Buffer.from(build('knowledge '.repeat(Math.ceil(missing / 10)).slice(0, missing)));
}

/** The headers of a KnowledgeSDK delivery with this dedup key. */
export function eventHeaders(key: string, token = TOKEN): Record<string, string> {
  return { 'content-type': 'application/json', [TOKEN_HEADER]: token, [KEY_HEADER]: key };
}
