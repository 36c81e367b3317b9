/** One figure of one run. */
export interface Measure {
  name: string;
  unit: string;
  value: number;
  goal: Goal | null;
}

export type Goal = { kind: 'at least'; value: number } | { kind: 'at most'; value: number };

/** A figure with what it was in each run. */
export interface Summary extends Omit<Measure, 'value'> {
  median: number;
  runs: number[];
  met: boolean | null;
}

export const atLeast = (value: number): Goal => ({ kind: 'at least', value });
export const atMost = (value: number): Goal => ({ kind: 'at most', value });

export function measure(name: string, value: number, unit: string, goal: Goal | null = null): Measure {
  return { name, unit, value, goal };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}

function isMet(goal: Goal, value: number): boolean {
  return goal.kind === 'at least' ? value >= goal.value : value <= goal.value;
}

/** @param runs the measures of each run, the same names in every run */
export function summarise(runs: readonly (readonly Measure[])[]): Summary[] {
  return (runs[0] ?? []).map(({ name, unit, goal }, index) => {
    const values = runs.map((measures) => measures[index]?.value ?? Number.NaN);
    const middle = median(values);
    return { name, unit, goal, median: middle, runs: values, met: goal === null ? null : isMet(goal, middle) };
  });
}
