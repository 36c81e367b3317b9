import { useMemo, useState } from 'preact/hooks';
import { bodyUrl } from '../api/client.ts';
import type { LoadedBody } from '../use-body.ts';
import { hexOf, maskWords, rawText, type ShownBody, shownBody } from '../words/body.ts';
import { bytes } from '../words/figures.ts';
import { visible } from '../words/visible.ts';

const KINDS: Record<Exclude<ShownBody['kind'], 'empty'>, string> = { json: 'JSON', text: 'text', binary: 'binary' };

interface BodyProps {
  id: string;
  size: number;
  body: LoadedBody;
}

/** The body of an event: indented JSON beside the bytes as they came, text, or hexadecimal. Never anything but a text node. */
export function Body({ id, size, body }: BodyProps) {
  const shown = useMemo(() => (body.kind === 'loaded' ? shownBody(body.bytes) : null), [body]);
  return (
    <section aria-labelledby="body">
      <div class="row between">
        <h2 id="body">
          Body
          {shown !== null && shown.kind !== 'empty' && (
            <span class="muted small">
              {' '}
              {KINDS[shown.kind]}, {bytes(size)}
            </span>
          )}
        </h2>
        {size > 0 && body.kind !== 'gone' && (
          <a class="button" href={bodyUrl(id)} download>
            Download
          </a>
        )}
      </div>
      {body.kind === 'loaded' && body.isMasked && <p class="muted">{maskWords(body.bytes)}</p>}
      {shown === null || body.kind !== 'loaded' ? (
        <NotShown body={body} size={size} />
      ) : (
        <Content shown={shown} content={body.bytes} />
      )}
    </section>
  );
}

function NotShown({ body, size }: { body: LoadedBody; size: number }) {
  if (body.kind === 'too-large') return <p class="empty">{bytes(size)} are too much to show here.</p>;
  if (body.kind === 'gone') return <p class="empty">Body and headers are no longer kept: their time was over.</p>;
  if (body.kind === 'failed') return <p class="trouble">{body.why}</p>;
  return <p class="muted">Loading …</p>;
}

function Content({ shown, content }: { shown: ShownBody; content: Uint8Array }) {
  if (shown.kind === 'empty') return <p class="empty">The request had no body.</p>;
  if (shown.kind === 'binary') return <Pane label="Content of the body" text={shown.text} whole={shown.whole} isHex />;
  const pretty = <Pane label="Content of the body" text={shown.text} whole={shown.whole} />;
  if (shown.kind === 'text') return <WithBytes content={content} text={pretty} />;
  return (
    <div class="beside">
      <div class="bytes">
        <div class="row">
          <h3 class="small muted">Indented</h3>
        </div>
        {pretty}
      </div>
      <WithBytes content={content} text={null} />
    </div>
  );
}

/** The bytes as they came, as text or in hexadecimal. @param text what is shown for text that is shown already */
function WithBytes({ content, text }: { content: Uint8Array; text: preact.ComponentChild }) {
  const [isHex, setHex] = useState(false);
  const shown = useMemo(() => (isHex ? hexOf(content) : rawText(content)), [content, isHex]);
  return (
    <div class="bytes">
      <div class="row between">
        <h3 class="small muted">As it came</h3>
        <button type="button" class="small-button" aria-pressed={isHex} onClick={() => setHex(!isHex)}>
          Hex
        </button>
      </div>
      {!isHex && text !== null ? text : shown !== null && <Pane label="The bytes as they came" {...shown} isHex={isHex} />}
    </div>
  );
}

function Pane({ label, text, whole, isHex = false }: { label: string; text: string; whole: boolean; isHex?: boolean }) {
  return (
    <div class="pane">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section class={`card body ${isHex ? 'body-binary' : ''}`} tabIndex={0} aria-label={label}>
        <pre>{visible(text)}</pre>
      </section>
      {!whole && <p class="muted">Only the beginning is shown.</p>}
    </div>
  );
}
