import { post } from '../api/client.ts';
import type { Route, TestAnswer } from '../api/types.ts';
import { refusalWords } from '../words/refusal.ts';
import { Action } from './action.tsx';

interface TestEventProps {
  route: Route;
  onChange: () => void;
  tone?: 'main' | 'plain';
  /** For screen readers; by default it names the route. */
  label?: string;
}

/** Sends a signed test event through the real ingest. */
export function TestEvent({ route: { name }, onChange, tone = 'plain', label }: TestEventProps) {
  const send = async (): Promise<string> => {
    const { statusCode, eventId, code } = await post<TestAnswer>(`routes/${encodeURIComponent(name)}/test`);
    onChange();
    if (eventId !== null) return `${name} accepted the test event ${eventId}.`;
    throw new Error(`${name} answered ${statusCode}${code === null ? '' : `: ${refusalWords(code)}`}.`);
  };
  return (
    <Action tone={tone} label={label ?? `Send a test event to ${name}`} run={send}>
      Send a test event
    </Action>
  );
}
