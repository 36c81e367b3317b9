import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** Why faults of system calls cannot be caused here, or null when they can. */
export function whyNoStrace(): string | null {
  const probe = spawnSync('strace', ['-qq', '-e', 'trace=none', 'true']);
  if (probe.error !== undefined) return 'strace is not installed';
  return probe.status === 0 ? null : `strace may not trace here: ${probe.stderr.toString().trim()}`;
}

export interface Injection {
  call: 'fsync' | 'pwrite64';
  /** As strace takes it: `error=EIO:when=3`, `delay_exit=50000`. */
  effect: string;
  /** Only calls on these files. */
  files: readonly string[];
}

/**
 * The command to put before the relay's. The tracer is a grandchild (-D), so the relay keeps its process id and
 * gets its own signals.
 */
export function straceWrapper({ call, effect, files }: Injection, traceFile: string): string[] {
  // Without seccomp-bpf every system call of every thread would stop, not only the ones meant.
  const paths = files.flatMap((file) => ['-P', file]);
  return [
    'strace',
    '-D',
    '-f',
    '--seccomp-bpf',
    '-qq',
    '-o',
    traceFile,
    ...paths,
    '-e',
    `trace=${call}`,
    '-e',
    `inject=${call}:${effect}`,
  ];
}

/** How many calls were tampered with: a test whose fault never happened proves nothing. */
export function injections(traceFile: string): number {
  if (!existsSync(traceFile)) return 0;
  return readFileSync(traceFile, 'utf8').split(/\((?:INJECTED|DELAYED)\)/).length - 1;
}
