import { useState } from 'preact/hooks';
import { bodyUrl, get, remove, wordsOf } from '../api/client.ts';
import type { EventDetail, ShownConfig } from '../api/types.ts';
import { useMayAct } from '../identity.ts';
import { useKey } from '../keys.ts';
import { Action } from '../parts/action.tsx';
import { useTell } from '../parts/notices.tsx';
import type { LoadedBody } from '../use-body.ts';
import { publicAddress } from '../words/curl.ts';
import { copiedWords, eventCurl } from '../words/event-curl.ts';
import { counted } from '../words/figures.ts';
import { CompareDialog } from './compare-dialog.tsx';
import { ReplayDialog } from './replay-dialog.tsx';

interface EventActionsProps {
  event: EventDetail;
  body: LoadedBody;
  onChange: () => void;
}

/** What can be done with an event as a whole. */
export function EventActions({ event, body, onChange }: EventActionsProps) {
  const [asked, setAsked] = useState<'replay' | 'compare' | null>(null);
  const mayAct = useMayAct();
  const close = (): void => setAsked(null);
  useKey('r', 'Replay this event', () => {
    if (mayAct) setAsked('replay');
  });
  return (
    <div class="row">
      {mayAct && (
        <button type="button" class="main" onClick={() => setAsked('replay')}>
          Replay …
        </button>
      )}
      <button type="button" onClick={() => setAsked('compare')}>
        Compare …
      </button>
      <CopyCurl event={event} body={body} />
      <Delete event={event} />
      {asked === 'replay' && <ReplayDialog id={event.id} onClose={close} onReplayed={onChange} />}
      {asked === 'compare' && <CompareDialog event={event} onClose={close} />}
    </div>
  );
}

const textOf = (bytes: Uint8Array): string | null => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
};

/** The browser's clipboard needs HTTPS or loopback; without it there is no button. */
function CopyCurl({ event, body }: { event: EventDetail; body: LoadedBody }) {
  const tell = useTell();
  if (!window.isSecureContext) return null;
  const copy = async (): Promise<void> => {
    try {
      const base = publicAddress(await get<ShownConfig>('config'));
      const text = body.kind === 'loaded' ? textOf(body.bytes) : event.size === 0 ? '' : null;
      const url = new URL(bodyUrl(event.id), window.location.href).href;
      const line = eventCurl(event, base, { text, url });
      await navigator.clipboard.writeText(line);
      tell(copiedWords(line, event));
    } catch (error) {
      tell(wordsOf(error), 'bad');
    }
  };
  return (
    <button type="button" onClick={() => void copy()}>
      Copy as curl
    </button>
  );
}

interface Deleted {
  /** Deliveries that were pending, held or dead. */
  cancelled: number;
}

function Delete({ event: { id } }: { event: EventDetail }) {
  const run = async (): Promise<string> => {
    const { cancelled } = await remove<Deleted>(`events/${encodeURIComponent(id)}`);
    window.location.hash = '#/events';
    return `Deleted${cancelled === 0 ? '.' : `, and ${counted(cancelled, 'delivery', 'deliveries')} of it cancelled.`}`;
  };
  const text =
    'Its body, headers and the answers of targets are erased for good, and what was not yet delivered is cancelled. Its dedup key stays: sent again, it is a duplicate.';
  return (
    <Action tone="danger" run={run} ask={{ title: 'Delete this event?', text }}>
      Delete
    </Action>
  );
}
