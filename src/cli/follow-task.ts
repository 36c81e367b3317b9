import { setTimeout as wait } from 'node:timers/promises';
import type { Command } from 'commander';
import type { AdminClient } from './admin-client.ts';
import type { TaskItem } from './admin-types.ts';
import { CommandError } from './command-error.ts';
import type { CommandContext } from './context.ts';
import { progressBar } from './progress.ts';

const POLL_MS = 200;

/** Options of every command that starts a task. */
export interface TaskOptions {
  callbackUrl?: string;
  idempotencyKey?: string;
  wait: boolean;
}

export function addTaskOptions(command: Command): Command {
  return command
    .option('--callback-url <url>', 'have the relay post there when the task ends (needs admin.callbackSecret)')
    .option('--idempotency-key <key>', 'the same key within a day names the same task: safe to run again')
    .option('--no-wait', 'return once the relay has taken the task on');
}

/** Starts a task. @param path below `/api/v1`. @returns its id */
export async function startTask(admin: AdminClient, path: string, request: object, options: TaskOptions): Promise<string> {
  const { callbackUrl, idempotencyKey } = options;
  const body = callbackUrl === undefined ? request : { ...request, callbackUrl };
  const headers = idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey };
  return (await admin.post<{ taskId: string }>(path, body, headers)).taskId;
}

/** Waits until the task has ended, with a bar on a terminal. The task goes on when the wait is given up. */
export async function followTask(context: CommandContext, admin: AdminClient, id: string): Promise<TaskItem> {
  const bar = progressBar(context.stderr);
  try {
    for (;;) {
      const task = await admin.get<TaskItem>(`/tasks/${encodeURIComponent(id)}`);
      if (task.status !== 'pending' && task.status !== 'running') return task;
      bar.show(task.done + task.failed, task.matched);
      await wait(POLL_MS);
    }
  } finally {
    bar.end();
  }
}

/** @throws CommandError for a task that has ended without being completed */
export function mustNotHaveFailed(task: TaskItem): void {
  if (task.status !== 'failed' && task.status !== 'cancelled') return;
  const how = task.status === 'failed' ? 'failed' : 'was cancelled';
  const why = task.error === null ? '' : ` (${task.error.code}: ${task.error.message})`;
  const message = `The ${task.kind} ${how} after ${task.done} of ${task.matched}${why}.`;
  throw new CommandError({ exitCode: 1, code: `task_${task.status}`, message });
}
