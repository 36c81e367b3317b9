import type { Output } from './context.ts';
import { painter, printable } from './text.ts';

export interface Column<Row> {
  title: string;
  cell(row: Row): string;
  align?: 'left' | 'right';
  /** Colours a cell that is already padded, so that colours do not disturb the widths. */
  paint?(row: Row, padded: string): string;
}

const GAP = '  ';

/** Aligned columns under a head line; lines are cut at the terminal's width, never in a pipe. */
export function table<Row>(output: Output, columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const texts = rows.map((row) => columns.map((column) => printable(column.cell(row))));
  const widths = columns.map((column, i) => Math.max(column.title.length, ...texts.map((cells) => (cells[i] ?? '').length)));
  const room = output.isTTY ? output.columns : Number.POSITIVE_INFINITY;
  const paint = painter(output);

  const line = (cells: readonly string[], style: (column: Column<Row>, text: string) => string): string => {
    let left = room;
    const parts = columns.flatMap((column, i) => {
      const last = i === columns.length - 1;
      const padded = pad(cells[i] ?? '', last && column.align !== 'right' ? 0 : (widths[i] ?? 0), column.align);
      const shown = padded.length > left ? `${padded.slice(0, Math.max(left - 1, 0))}…` : padded;
      if (left <= 0) return [];
      left -= shown.length + GAP.length;
      return [style(column, shown)];
    });
    return parts.join(GAP).trimEnd();
  };

  const head = line(
    columns.map((column) => column.title),
    (_, text) => paint('bold', text),
  );
  const body = rows.map((row, i) => line(texts[i] ?? [], (column, text) => column.paint?.(row, text) ?? text));
  return [head, ...body, ''].join('\n');
}

/** Two columns, names and values, for one thing shown in full. */
export function facts(output: Output, pairs: readonly (readonly [name: string, value: string | null])[]): string {
  const paint = painter(output);
  const shown = pairs.filter((pair): pair is readonly [string, string] => pair[1] !== null);
  const width = Math.max(0, ...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${paint('dim', name.padEnd(width))}${GAP}${value}\n`).join('');
}

function pad(text: string, width: number, align: Column<never>['align'] = 'left'): string {
  return align === 'right' ? text.padStart(width) : text.padEnd(width);
}
