/** What of a long list is in the page: rows, and gaps as high as the rows that are left out. */
export type Piece = { kind: 'row'; index: number } | { kind: 'gap'; from: number; rows: number };

export interface View {
  /** Rows of the list. */
  count: number;
  /** Height of each, px. */
  rowPx: number;
  /** Top of the list relative to that of the window, px: negative when it is scrolled past. */
  topPx: number;
  /** Height of the window, px. */
  heightPx: number;
  /** The row with the focus, which must not vanish, with its neighbours; null when none has it. */
  focused: number | null;
}

/** Rows beyond what can be seen, so that the Tab key finds the next one and quick scrolling finds no hole. */
export const SPARE_ROWS = 12;

/** The rows that can be seen, some beyond, and the one with the focus: the rest are gaps. */
export function visibleRows({ count, rowPx, topPx, heightPx, focused }: View): Piece[] {
  const clamp = (row: number): number => Math.min(count, Math.max(0, row));
  const from = clamp(Math.floor(-topPx / rowPx) - SPARE_ROWS);
  const to = clamp(Math.ceil((heightPx - topPx) / rowPx) + SPARE_ROWS);
  const spans = [[from, Math.max(from, to)] as const];
  if (focused !== null && focused < count) spans.push([clamp(focused - 1), clamp(focused + 2)]);
  const wanted = new Set<number>();
  for (const [first, end] of spans) for (let row = first; row < end; row += 1) wanted.add(row);
  const pieces: Piece[] = [];
  let next = 0;
  for (const index of [...wanted].sort((a, b) => a - b)) {
    if (index > next) pieces.push({ kind: 'gap', from: next, rows: index - next });
    pieces.push({ kind: 'row', index });
    next = index + 1;
  }
  if (next < count) pieces.push({ kind: 'gap', from: next, rows: count - next });
  return pieces;
}
