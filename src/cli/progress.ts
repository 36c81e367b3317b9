import type { Output } from './context.ts';
import { painter } from './text.ts';

const CLEAR_LINE = '\r\u001b[2K';
const NO_EFFECT: ProgressBar = { show: () => undefined, end: () => undefined };

export interface ProgressBar {
  show(done: number, total: number): void;
  /** Removes the bar. */
  end(): void;
}

/** A bar that redraws itself on one line of a terminal; nothing at all in a pipe. @param figure writes an amount */
export function progressBar(output: Output, figure: (amount: number) => string = String): ProgressBar {
  if (!output.isTTY) return NO_EFFECT;
  const paint = painter(output);
  return {
    show: (done, total) => {
      const share = total === 0 ? 1 : Math.min(done / total, 1);
      const figures = `${String(Math.floor(share * 100)).padStart(3)} %  ${figure(done)}/${figure(total)}`;
      const width = Math.max(10, Math.min(40, output.columns - figures.length - 3));
      const full = Math.round(share * width);
      output.write(`${CLEAR_LINE}${paint('green', '█'.repeat(full))}${paint('dim', '░'.repeat(width - full))} ${figures}`);
    },
    end: () => output.write(CLEAR_LINE),
  };
}
