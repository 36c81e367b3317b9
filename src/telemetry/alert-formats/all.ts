import { discordMessage } from './discord.ts';
import { type AlertPayload, alertPayload, type Notice } from './payload.ts';
import { slackMessage } from './slack.ts';

export type AlertFormat = 'json' | 'slack' | 'discord';

const FORMATS: Record<AlertFormat, (payload: AlertPayload) => object> = {
  json: (payload) => payload,
  slack: slackMessage,
  discord: discordMessage,
};

/** What is posted to a destination of this format. */
export function alertBody(format: AlertFormat, notice: Notice, relay: string): object {
  return FORMATS[format](alertPayload(notice, relay));
}
