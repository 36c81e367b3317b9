import { cpus, totalmem } from 'node:os';
import type { Summary } from './measure.ts';
import type { Scenario } from './scenario.ts';

export interface Section {
  scenario: Pick<Scenario, 'name' | 'title'>;
  summaries: readonly Summary[];
}

function figure(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-GB');
  return value.toFixed(2);
}

function row({ name, unit, median, runs, goal, met }: Summary): string {
  const wanted = goal === null ? '' : `${goal.kind} ${goal.value}${unit === '' ? '' : ` ${unit}`}`;
  const verdict = met === null ? '' : met ? 'yes' : '**no**';
  return `| ${name} | ${figure(median)}${unit.startsWith('/') ? unit : unit === '' ? '' : ` ${unit}`} | ${runs.map(figure).join(', ')} | ${wanted} | ${verdict} |`;
}

function table({ scenario, summaries }: Section): string {
  const head = '| figure | median | runs | goal | met |\n|---|---|---|---|---|';
  return `## ${scenario.title}\n\n\`npm run bench -- ${scenario.name}\`\n\n${head}\n${summaries.map(row).join('\n')}\n`;
}

function machine(): string {
  const [first] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} cores (${first?.model.trim() ?? 'unknown'}), ${memory} GiB of memory, Node ${process.version}, ${process.platform}`;
}

/** The text of RESULTS.md. */
export function report(sections: readonly Section[], command: string, day: Date): string {
  return `# Measured

${machine()}; ${day.toISOString().slice(0, 10)}; \`${command}\`.

Load generator, receiver and relay share this machine. Each figure is the median of the runs beside it; a ratio is
taken within one run, against a yardstick measured just before it, so it carries over to other machines where the
absolute figures do not. Bodies are 1 KiB of KnowledgeSDK JSON, every dedup key is unique, the log level is the default.

${sections.map(table).join('\n')}`;
}
