/** One line of the Prometheus text format: `name{label="value"} 1` */
const LINE = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-z_]+)="((?:[^"\\]|\\.)*)"/g;

export interface Sample {
  labels: Record<string, string>;
  value: number;
}

/** The samples of one metric. */
export function samplesOf(text: string, name: string): Sample[] {
  return text.split('\n').flatMap((line) => {
    const [, found, labels = '', value] = LINE.exec(line) ?? [];
    if (found !== name) return [];
    return [{ labels: Object.fromEntries([...labels.matchAll(LABEL)].map(([, key, is]) => [key, is])), value: Number(value) }];
  });
}
