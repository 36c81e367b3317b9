/** How an event is acknowledged. A body of null is the usual JSON with the event's id. */
export interface Acknowledgement {
  status: number;
  headers: readonly (readonly [name: string, value: string])[];
  body: string | null;
}

/** What a provider expects of answers. */
export interface Replies {
  acknowledgement: Acknowledgement;
  /** Whether refusals come without a body too. */
  emptyRefusals: boolean;
}

const USUAL: Replies = { acknowledgement: { status: 200, headers: [], body: null }, emptyRefusals: false };

/**
 * Who wants another answer than the usual one.
 *
 * - Microsoft Graph takes 202 for 'kept, and worked on later', which is what an acknowledgement here says.
 * - Xero asks for 200 or 401 without a body and without cookies, within 5 s.
 */
const REPLIES: Readonly<Record<string, Replies>> = {
  msgraph: { acknowledgement: { status: 202, headers: [], body: null }, emptyRefusals: false },
  xero: { acknowledgement: { status: 200, headers: [], body: '' }, emptyRefusals: true },
};

export function repliesOf(provider: string): Replies {
  return (Object.hasOwn(REPLIES, provider) ? REPLIES[provider] : undefined) ?? USUAL;
}
