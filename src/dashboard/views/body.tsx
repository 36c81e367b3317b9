import { useEffect, useState } from 'preact/hooks';
import { bodyUrl, getBody, wordsOf } from '../api/client.ts';
import { type ShownBody, shownBody } from '../words/body.ts';
import { bytes } from '../words/figures.ts';
import { visible } from '../words/visible.ts';

/** Larger ones are for downloading. */
const LOADED_BYTES = 1024 * 1024;

const KINDS: Record<Exclude<ShownBody['kind'], 'empty'>, string> = { json: 'JSON', text: 'text', binary: 'binary' };

type State = { kind: 'loading' } | { kind: 'too-large' } | { kind: 'failed'; why: string } | { kind: 'loaded'; body: ShownBody };

/** The body of an event: indented JSON, text as it is, or hexadecimal. Never anything but a text node. */
export function Body({ id, size }: { id: string; size: number }) {
  const state = useBody(id, size);
  return (
    <section aria-labelledby="body">
      <div class="row between">
        <h2 id="body">
          Body
          {state.kind === 'loaded' && state.body.kind !== 'empty' && <span class="muted small"> {KINDS[state.body.kind]}</span>}
        </h2>
        {size > 0 && (
          <a class="button" href={bodyUrl(id)} download>
            Download
          </a>
        )}
      </div>
      <Content state={state} size={size} />
    </section>
  );
}

function useBody(id: string, size: number): State {
  const [state, setState] = useState<State>({ kind: 'loading' });
  useEffect(() => {
    if (size > LOADED_BYTES) {
      setState({ kind: 'too-large' });
      return;
    }
    const ended = new AbortController();
    getBody(id, ended.signal).then(
      (bytes) => setState({ kind: 'loaded', body: shownBody(bytes) }),
      (error: unknown) => {
        if (!ended.signal.aborted) setState({ kind: 'failed', why: wordsOf(error) });
      },
    );
    return () => ended.abort();
  }, [id, size]);
  return state;
}

function Content({ state, size }: { state: State; size: number }) {
  switch (state.kind) {
    case 'loading':
      return <p class="muted">Loading …</p>;
    case 'too-large':
      return <p class="empty">{bytes(size)} are too much to show here.</p>;
    case 'failed':
      return <p class="trouble">{state.why}</p>;
    case 'loaded':
      if (state.body.kind === 'empty') return <p class="empty">The request had no body.</p>;
      return (
        <>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
          <section class={`card body body-${state.body.kind}`} tabIndex={0} aria-label="Content of the body">
            <pre>{visible(state.body.text)}</pre>
          </section>
          {!state.body.whole && <p class="muted">Only the beginning is shown.</p>}
        </>
      );
    default:
      return state satisfies never;
  }
}
