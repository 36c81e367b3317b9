import UPlot from 'uplot';
import { clockMinutes } from '../words/figures.ts';

/** What a line looks like: colour is never the only difference. */
export interface LineLook {
  name: string;
  /** A colour of the page, by the name of its property: `--good`. */
  color: string;
  /** Lengths of strokes and gaps, CSS px; empty for an unbroken line. */
  dash: readonly number[];
  /** A tint below the line. */
  isFilled: boolean;
}

export interface PlotData {
  /** Wall ms. */
  at: readonly number[];
  values: readonly (readonly (number | null)[])[];
}

export interface Plot {
  show(data: PlotData): void;
  end(): void;
}

interface PlotOptions {
  lines: readonly LineLook[];
  format: (value: number) => string;
  /** The highest value that there can be; null when there is none. */
  top: number | null;
  /** Which step is pointed at; null when none is. */
  onPoint: (index: number | null) => void;
}

const FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif';
const NICE = [1, 2, 2.5, 5, 10];

/** The next round number, so that the scale stays where it is while figures change a little. */
export function roundTop(max: number): number {
  if (!(max > 0)) return 1;
  const magnitude = 10 ** Math.floor(Math.log10(max));
  return (NICE.find((nice) => nice * magnitude >= max * 1.02) ?? 10) * magnitude;
}

/** A value between two gaps would not be seen in a line. */
function lonePoints(plot: UPlot, series: number): number[] {
  const values = plot.data[series] ?? [];
  const lone: number[] = [];
  for (let i = 0; i < values.length; i += 1) {
    if (values[i] != null && values[i - 1] == null && values[i + 1] == null) lone.push(i);
  }
  return lone;
}

function seriesOf({ name, color, dash, isFilled }: LineLook, colors: CSSStyleDeclaration): UPlot.Series {
  const stroke = colors.getPropertyValue(color).trim();
  return {
    label: name,
    stroke,
    width: 1.75,
    dash: [...dash],
    ...(isFilled ? { fill: `${stroke}22` } : {}),
    points: { show: true, size: 5, fill: stroke, filter: lonePoints },
  };
}

function axesOf(colors: CSSStyleDeclaration, format: (value: number) => string): UPlot.Axis[] {
  const [stroke, line] = [colors.getPropertyValue('--muted').trim(), colors.getPropertyValue('--line').trim()];
  const common = { stroke, font: FONT };
  return [
    {
      ...common,
      size: 28,
      space: 72,
      grid: { show: false },
      ticks: { stroke: line, size: 4 },
      values: (_plot, splits) => splits.map((seconds) => clockMinutes(seconds * 1_000)),
    },
    {
      ...common,
      size: 58,
      space: 34,
      gap: 8,
      grid: { stroke: line, width: 1 },
      ticks: { show: false },
      values: (_plot, splits) => splits.map(format),
    },
  ];
}

const sizeOf = ({ clientWidth: width, clientHeight: height }: HTMLElement) => ({ width, height });

/** Draws lines over time into an element, as large as that is. */
export function createPlot(box: HTMLElement, { lines, format, top, onPoint }: PlotOptions): Plot {
  const colors = getComputedStyle(document.documentElement);
  const plot = new UPlot(
    {
      ...sizeOf(box),
      padding: [8, 20, 0, 0],
      legend: { show: false },
      cursor: { sync: { key: 'time' }, drag: { x: false, y: false }, y: false, points: { size: 7 } },
      scales: {
        x: { range: (_plot, min, max) => [min, max] },
        y: { range: (_plot, _min, max) => [0, top ?? roundTop(max)] },
      },
      axes: axesOf(colors, format),
      series: [{}, ...lines.map((line) => seriesOf(line, colors))],
      hooks: { setCursor: [({ cursor }) => onPoint(cursor.idx ?? null)] },
    },
    undefined,
    box,
  );
  const resized = new ResizeObserver(() => plot.setSize(sizeOf(box)));
  resized.observe(box);
  return {
    show: ({ at, values }) => plot.setData([at.map((ms) => ms / 1_000), ...values.map((line) => [...line])] as UPlot.AlignedData),
    end: () => {
      resized.disconnect();
      plot.destroy();
    },
  };
}
