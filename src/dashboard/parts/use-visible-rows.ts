import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import { type Piece, visibleRows } from '../visible-rows.ts';

/** Before the first row has been measured. */
const GUESSED_PX = 44;
/** The page is rendered again after so many rows of scrolling, not after each. */
const STEP_ROWS = 4;

interface Measured {
  rowPx: number;
  topPx: number;
  heightPx: number;
}

/** Of a list that scrolls with the window: which rows are in the page. All rows are of one height, whatever that is. */
export function useVisibleRows(
  body: RefObject<HTMLElement | null>,
  count: number,
  focused: number | null,
): { pieces: Piece[]; rowPx: number } {
  const [view, setView] = useState<Measured>({ rowPx: GUESSED_PX, topPx: 0, heightPx: window.innerHeight });
  const look = (): void => setView((last) => measured(body.current, last));
  // After each rendering: filters above the list may have grown.
  useLayoutEffect(look);
  useEffect(() => {
    let frame = 0;
    const soon = (): void => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(look);
    };
    window.addEventListener('scroll', soon, { passive: true });
    window.addEventListener('resize', soon);
    return () => {
      cancelAnimationFrame(frame);
      window.removeEventListener('scroll', soon);
      window.removeEventListener('resize', soon);
    };
  }, []);
  return { pieces: visibleRows({ ...view, count, focused }), rowPx: view.rowPx };
}

/** The same object when nothing changed, so that nothing is rendered. */
function measured(body: HTMLElement | null, last: Measured): Measured {
  if (body === null) return last;
  const row = body.querySelector<HTMLElement>('tr:not(.gap)');
  const rowPx = row === null ? last.rowPx : row.getBoundingClientRect().height || last.rowPx;
  const step = rowPx * STEP_ROWS;
  const topPx = Math.floor(body.getBoundingClientRect().top / step) * step;
  const heightPx = window.innerHeight + step;
  return rowPx === last.rowPx && topPx === last.topPx && heightPx === last.heightPx ? last : { rowPx, topPx, heightPx };
}
