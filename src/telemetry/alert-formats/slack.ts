import type { AlertPayload } from './payload.ts';
import { alertWords, shortened } from './words.ts';

/** https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks: `text`, and `blocks` that are shown in its place. */
export interface SlackMessage {
  text: string;
  blocks: object[];
}

/** Slack reads these three as its own syntax; so no `<!channel>`, no `<@U123>` and no link can come about. */
const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

const escaped = (text: string): string => text.replaceAll(/[&<>]/g, (char) => ENTITIES[char] ?? char);

/** In `text`, which is markdown: a character of no width keeps marks and names of groups from being what they look like. */
const unmarked = (text: string): string => escaped(text).replaceAll(/[@*_~`]/g, (char) => `${char}\u200b`);

/** Plain text is shown as it is: no marks, no mentions, no emoji. */
const plain = (text: string): object => ({ type: 'plain_text', text: escaped(text), emoji: false });

/** Slack takes 3,000 characters in a section and 2,000 in a context; escaping makes five of one at most. */
const LONGEST_DETAILS = 590;
const LONGEST_FOOTER = 390;

/** The same words twice: for notifications and old clients, and as they are shown. */
export function slackMessage(payload: AlertPayload): SlackMessage {
  const { headline, details, footer } = alertWords(payload);
  const sections = [headline, ...(details.length === 0 ? [] : [shortened(details.join('\n'), LONGEST_DETAILS)])];
  return {
    text: unmarked(headline),
    blocks: [
      ...sections.map((text) => ({ type: 'section', text: plain(text) })),
      { type: 'context', elements: [plain(shortened(footer, LONGEST_FOOTER))] },
    ],
  };
}
