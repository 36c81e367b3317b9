import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** USER_HZ, the same on all Linux machines that Node runs on. */
const TICKS_PER_SECOND = 100;
const ALARMING = new Set(['warn', 'error', 'fatal']);

export type LogRecord = Record<string, unknown>;

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A program running as a child in a process group of its own, whose log lines are kept. */
export class ChildProgram {
  readonly pid: number;
  /** Every line of both outputs, in the order in which they came. */
  readonly lines: string[] = [];
  readonly exited: Promise<Exit>;
  exit: Exit | null = null;
  readonly #process: ChildProcess;
  readonly #waiting = new Set<() => void>();

  constructor(command: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}) {
    const [program = '', ...args] = command;
    this.#process = spawn(program, args, { ...options, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    this.pid = this.#process.pid ?? 0;
    const endWithUs = (): void => this.signal('SIGKILL');
    this.exited = new Promise((resolve) => {
      const ended = (exit: Exit): void => {
        this.exit = exit;
        process.off('exit', endWithUs);
        resolve(exit);
        this.#wake();
      };
      this.#process.once('close', (code, signal) => ended({ code, signal }));
      this.#process.once('error', (error) => {
        this.lines.push(String(error));
        ended({ code: null, signal: null });
      });
    });
    for (const output of [this.#process.stdout, this.#process.stderr]) {
      if (output === null) continue;
      createInterface({ input: output }).on('line', (line) => {
        this.lines.push(line);
        this.#wake();
      });
    }
    process.once('exit', endWithUs);
  }

  /** The log records among the lines. */
  records(): LogRecord[] {
    return this.lines.flatMap((line) => {
      const record = parse(line);
      return record === null ? [] : [record];
    });
  }

  /** What it logged as a warning or worse. */
  alarms(): LogRecord[] {
    return this.records().filter(({ level }) => typeof level === 'string' && ALARMING.has(level));
  }

  /** @throws Error with the program's output when it ends, or the time is over, before such a record comes */
  record(msg: string, timeoutMs = 20_000): Promise<LogRecord> {
    return new Promise((resolve, reject) => {
      const found = (): LogRecord | undefined => this.records().find((record) => record.msg === msg);
      const fail = (why: string): void =>
        reject(new Error(`${why} before it logged "${msg}":\n${this.lines.slice(-20).join('\n')}`));
      const look = (): void => {
        const record = found();
        if (record === undefined && this.exit === null) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        if (record === undefined) fail(`the program ended (${JSON.stringify(this.exit)})`);
        else resolve(record);
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(look);
        fail(`${timeoutMs} ms passed`);
      }, timeoutMs);
      this.#waiting.add(look);
      look();
    });
  }

  /** To the whole group, so that a wrapper such as `sh -c` does not keep the signal for itself. */
  signal(signal: NodeJS.Signals): void {
    if (this.exit !== null) return;
    try {
      process.kill(-this.pid, signal);
    } catch {
      // It has ended between the look and the signal.
    }
  }

  async kill(): Promise<Exit> {
    this.signal('SIGKILL');
    return this.exited;
  }

  async stop(): Promise<Exit> {
    this.signal('SIGTERM');
    return this.exited;
  }

  /** Processor time that the process has used, all threads, seconds (Linux; in steps of 10 ms). */
  cpuSeconds(): number {
    const stat = readFileSync(`/proc/${this.pid}/stat`, 'utf8');
    // The second field, the name, may hold spaces; user and system time are the 12th and 13th after it (proc(5)).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  }

  /** Resident memory of the process, MiB (Linux). */
  residentMiB(): number {
    return statusField(this.pid, 'VmRSS');
  }

  /** The most that the resident memory has been, MiB (Linux). */
  peakResidentMiB(): number {
    return statusField(this.pid, 'VmHWM');
  }

  #wake(): void {
    for (const look of this.#waiting) look();
  }
}

function parse(line: string): LogRecord | null {
  if (!line.startsWith('{')) return null;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? { ...value } : null;
  } catch {
    return null;
  }
}

function statusField(pid: number, field: string): number {
  const match = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Math.round(Number(match?.[1] ?? Number.NaN) / 1024);
}
