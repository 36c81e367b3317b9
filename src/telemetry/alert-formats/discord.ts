import type { AlertPayload } from './payload.ts';
import { alertWords, shortened } from './words.ts';

/** https://docs.discord.com/developers/resources/webhook#execute-webhook */
export interface DiscordMessage {
  content: string;
  /** Nobody is notified, whatever the content says. */
  allowed_mentions: { parse: [] };
  /** SUPPRESS_EMBEDS: no preview is fetched for what looks like a link. */
  flags: number;
}

const LONGEST_CONTENT = 2_000;
const SUPPRESS_EMBEDS = 4;

/** Markdown is taken for text after a backslash; after an `@`, a character of no width keeps names from being mentions. */
const unmarked = (text: string): string =>
  text.replaceAll(/[\\*_~`|<>#[\]()-]/g, (char) => `\\${char}`).replaceAll('@', '@\u200b');

/** Cut between lines first, so that no escape is cut in two; a line alone is short enough. */
export function discordMessage(payload: AlertPayload): DiscordMessage {
  const { headline, details, footer } = alertWords(payload);
  const lines = [headline, ...details, footer].map(unmarked);
  let content = '';
  for (const line of lines) {
    const longer = content === '' ? line : `${content}\n${line}`;
    if (longer.length > LONGEST_CONTENT) break;
    content = longer;
  }
  return { content: shortened(content, LONGEST_CONTENT), allowed_mentions: { parse: [] }, flags: SUPPRESS_EMBEDS };
}
