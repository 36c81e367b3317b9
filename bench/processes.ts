import { fileURLToPath } from 'node:url';
import { isRecord } from '../test/support/admin-client.ts';
import { ChildProgram } from '../test/support/child-program.ts';
import type { LoadPlan, LoadReport, Percentiles } from './load-plan.ts';

/** A program of this folder, running, that has said where it listens. */
export interface Listening {
  program: ChildProgram;
  url: string;
}

function run(script: string, args: readonly string[]): ChildProgram {
  return new ChildProgram([process.execPath, fileURLToPath(new URL(script, import.meta.url)), ...args]);
}

async function listening(script: string, args: readonly string[] = []): Promise<Listening> {
  const program = run(script, args);
  const record = await program.record('listening');
  return { program, url: String(record.public) };
}

export const startBareServer = (): Promise<Listening> => listening('bare-server.ts');

/** @param connections size of its pool to the target */
export const startForwarder = (target: string, connections: number): Promise<Listening> =>
  listening('forwarder.ts', [target, String(connections)]);

export interface Seen {
  count: number;
  /** Wall ms, 0 when nothing has come. */
  firstAt: number;
  lastAt: number;
}

/** What has come on one path under `/timed/`. */
export interface Timing extends Seen {
  /** From acceptance to delivery, ms. */
  latencyMs: Percentiles;
  meanMs: number;
}

/** The receiving program. */
export class Receiver {
  readonly url: string;
  readonly #program: ChildProgram;
  readonly #control: string;

  private constructor(program: ChildProgram, url: string, control: string) {
    this.#program = program;
    this.url = url;
    this.#control = control;
  }

  static async start(): Promise<Receiver> {
    const program = run('receiver.ts', []);
    const record = await program.record('listening');
    return new Receiver(program, String(record.public), String(record.control));
  }

  seen(): Promise<Seen> {
    return this.#ask('GET');
  }

  /** Of every path under `/timed/` on which something has come. */
  async timings(): Promise<Map<string, Timing>> {
    const answer: unknown = await (await fetch(`${this.#control}/timings`)).json();
    if (!isRecord(answer)) throw new Error('the receiver did not tell what it has timed');
    return new Map(Object.entries(answer) as [string, Timing][]);
  }

  async forget(): Promise<void> {
    await this.#ask('POST');
  }

  async stop(): Promise<void> {
    await this.#program.kill();
  }

  async #ask(method: string): Promise<Seen> {
    const answer: unknown = await (await fetch(this.#control, { method })).json();
    if (!isRecord(answer)) throw new Error('the receiver did not tell what it has seen');
    return { count: Number(answer.count), firstAt: Number(answer.firstAt), lastAt: Number(answer.lastAt) };
  }
}

/** Runs the load generator to its end. @throws Error when it failed */
export async function generate(plan: LoadPlan): Promise<LoadReport> {
  const program = run('load.ts', [JSON.stringify(plan)]);
  await program.exited;
  const line = program.lines.find((text) => text.startsWith('{"msg":"done"'));
  if (line === undefined) throw new Error(`the load generator failed:\n${program.lines.join('\n')}`);
  return JSON.parse(line);
}
