/** A line of one side, numbered from 1. */
export interface DiffLine {
  number: number;
  text: string;
}

/** One row of two texts side by side. */
export type DiffRow =
  | { kind: 'same'; left: DiffLine; right: DiffLine }
  | { kind: 'changed'; left: DiffLine; right: DiffLine }
  | { kind: 'removed'; left: DiffLine; right: null }
  | { kind: 'added'; left: null; right: DiffLine };

/** Past so many differing lines the middle is shown as replaced: the search takes time and memory by their square. */
const MOST_EDITS = 1_500;

/** What differs between two texts, line by line. */
export function diffRows(left: string, right: string): DiffRow[] {
  const [a, b] = [left.split('\n'), right.split('\n')];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const middle = kept(a.slice(start, a.length - end), b.slice(start, b.length - end));
  const pairs: [number, number][] = [];
  for (let at = 0; at < start; at += 1) pairs.push([at, at]);
  for (const [x, y] of middle) pairs.push([x + start, y + start]);
  for (let back = end; back > 0; back -= 1) pairs.push([a.length - back, b.length - back]);
  return rowsOf(a, b, pairs);
}

/** Pairs of equal lines in order, as many as there can be (Myers, An O(ND) Difference Algorithm, 1986). */
function kept(a: readonly string[], b: readonly string[]): [number, number][] {
  const most = Math.min(a.length + b.length, MOST_EDITS);
  const trace: Int32Array[] = [];
  const offset = most + 1;
  const furthest = new Int32Array(2 * most + 3);
  for (let edits = 0; edits <= most; edits += 1) {
    trace.push(furthest.slice(offset - edits - 1, offset + edits + 2));
    for (let k = -edits; k <= edits; k += 2) {
      let x = isDown(furthest, offset, k, edits) ? at(furthest, offset + k + 1) : at(furthest, offset + k - 1) + 1;
      let y = x - k;
      while (x < a.length && y < b.length && a[x] === b[y]) {
        x += 1;
        y += 1;
      }
      furthest[offset + k] = x;
      if (x >= a.length && y >= b.length) return walkedBack(trace, a.length, b.length);
    }
  }
  return [];
}

const at = (numbers: Int32Array, index: number): number => numbers[index] ?? 0;

const isDown = (furthest: Int32Array, offset: number, k: number, edits: number): boolean =>
  k === -edits || (k !== edits && at(furthest, offset + k - 1) < at(furthest, offset + k + 1));

function walkedBack(trace: readonly Int32Array[], endX: number, endY: number): [number, number][] {
  const pairs: [number, number][] = [];
  let [x, y] = [endX, endY];
  for (let edits = trace.length - 1; edits >= 0; edits -= 1) {
    const furthest = trace[edits] as Int32Array;
    const offset = edits + 1; // of the part that was kept
    const k = x - y;
    const before = isDown(furthest, offset, k, edits) ? k + 1 : k - 1;
    const startX = at(furthest, offset + before);
    const startY = startX - before;
    while (x > startX && y > startY) {
      x -= 1;
      y -= 1;
      pairs.push([x, y]);
    }
    if (edits > 0) [x, y] = [startX, startY];
  }
  return pairs.reverse();
}

/** Lines between two pairs stand side by side as far as both sides have some. */
function rowsOf(a: readonly string[], b: readonly string[], pairs: readonly [number, number][]): DiffRow[] {
  const rows: DiffRow[] = [];
  const line = (lines: readonly string[], index: number): DiffLine => ({ number: index + 1, text: lines[index] ?? '' });
  let [x, y] = [0, 0];
  for (const [nextX, nextY] of [...pairs, [a.length, b.length] as const]) {
    while (x < nextX && y < nextY) rows.push({ kind: 'changed', left: line(a, x++), right: line(b, y++) });
    while (x < nextX) rows.push({ kind: 'removed', left: line(a, x++), right: null });
    while (y < nextY) rows.push({ kind: 'added', left: null, right: line(b, y++) });
    if (x < a.length && y < b.length) rows.push({ kind: 'same', left: line(a, x++), right: line(b, y++) });
  }
  return rows;
}

/** What is shown of a comparison: rows, or how many equal ones are left out. */
export type DiffPart = { kind: 'rows'; rows: DiffRow[] } | { kind: 'equal'; rows: DiffRow[] };

const CONTEXT = 3;
/** Leaving out fewer makes nothing clearer. */
const FEW = 4;

/** Folds long runs of equal lines away, but for some around what differs. */
export function folded(rows: readonly DiffRow[]): DiffPart[] {
  const parts: DiffPart[] = [];
  const push = (kind: DiffPart['kind'], some: DiffRow[]): void => {
    const last = parts.at(-1);
    if (some.length === 0) return;
    if (kind === 'rows' && last?.kind === 'rows') last.rows.push(...some);
    else parts.push({ kind, rows: some });
  };
  let from = 0;
  while (from < rows.length) {
    const isSame = rows[from]?.kind === 'same';
    let to = from;
    while (to < rows.length && (rows[to]?.kind === 'same') === isSame) to += 1;
    const run = rows.slice(from, to);
    const head = from === 0 ? 0 : CONTEXT;
    const tail = to === rows.length ? 0 : CONTEXT;
    if (isSame && run.length >= head + tail + FEW) {
      push('rows', run.slice(0, head));
      push('equal', run.slice(head, run.length - tail));
      push('rows', tail === 0 ? [] : run.slice(-tail));
    } else push('rows', run);
    from = to;
  }
  return parts;
}
