import { Command, CommanderError } from 'commander';
import { HookbayError } from '../domain/errors.ts';
import { addAlert } from './alert.ts';
import { addArm } from './arm.ts';
import { asTyped } from './as-typed.ts';
import { addBackup, addRestore } from './backup.ts';
import { addCheck } from './check.ts';
import { CommandError, type ExitCode } from './command-error.ts';
import { addCompletion } from './completion.ts';
import type { CommandContext } from './context.ts';
import { addDeliveries } from './deliveries.ts';
import { addDoctor } from './doctor.ts';
import { addEvents } from './events.ts';
import { addExport } from './export.ts';
import { addForward } from './forward.ts';
import { addHealthcheck } from './healthcheck.ts';
import { addInit } from './init.ts';
import { addProviders } from './providers.ts';
import { addRejections } from './rejections.ts';
import { addReload } from './reload.ts';
import { addReplay } from './replay.ts';
import { addSend } from './send.ts';
import { addServe } from './serve.ts';
import { addTail } from './tail.ts';
import { addTargets } from './targets.ts';
import { addTasks } from './tasks.ts';
import { painter } from './text.ts';

/** In the order in which the help lists them. */
const COMMANDS = [
  addServe,
  addInit,
  addCheck,
  addReload,
  addSend,
  addEvents,
  addDeliveries,
  addReplay,
  addExport,
  addTasks,
  addRejections,
  addTail,
  addForward,
  addTargets,
  addAlert,
  addArm,
  addProviders,
  addBackup,
  addRestore,
  addDoctor,
  addHealthcheck,
  addCompletion,
];

const EXAMPLES = `
Start with \`hookbay serve\`: without a configuration file it starts a quickstart.
Exit codes: 0 done, 1 failed, 2 wrong use or configuration.`;

/** Runs the command that the words name, and tells its error. @returns the process's exit code; never rejects */
export async function runProgram(context: CommandContext): Promise<ExitCode> {
  const program = buildProgram(context);
  try {
    await program.parseAsync([...context.argv], { from: 'user' });
    return 0;
  } catch (error) {
    return tell(context, error);
  }
}

function buildProgram(context: CommandContext): Command {
  const { stdout, stderr } = context;
  const program = new Command('hookbay')
    .description('A self-hostable webhook relay: takes in webhooks, keeps them on disk, and delivers every one.')
    .version(context.build.version, '-V, --version')
    .configureOutput({
      writeOut: (text) => stdout.write(asTyped(context, text)),
      writeErr: (text) => stderr.write(text),
      getOutHelpWidth: () => stdout.columns,
      getErrHelpWidth: () => stderr.columns,
      getOutHasColors: () => stdout.colour,
      getErrHasColors: () => stderr.colour,
    })
    .exitOverride()
    .showHelpAfterError('Add --help for what there is, with examples.')
    .addHelpText('after', EXAMPLES);
  for (const add of COMMANDS) add(program, context);
  return program;
}

/** Says what went wrong and what to do next; as JSON when the command was asked for JSON. */
function tell(context: CommandContext, error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2; // commander has said what it is
  const { exitCode, code, message, hint } = described(error);
  if (context.argv.includes('--json')) {
    context.stderr.write(`${JSON.stringify({ error: { code, message, hint } })}\n`);
  } else {
    const paint = painter(context.stderr);
    context.stderr.write(
      `${paint('red', 'error:')} ${asTyped(context, message)}\n${hint === undefined ? '' : `${paint('dim', asTyped(context, hint))}\n`}`,
    );
  }
  return exitCode;
}

function described(error: unknown): { exitCode: ExitCode; code: string; message: string; hint: string | undefined } {
  if (error instanceof CommandError) return error;
  if (error instanceof HookbayError) return { exitCode: 1, code: error.code, message: error.message, hint: error.hint };
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    exitCode: 1,
    code: 'unexpected',
    message,
    hint: 'This is a defect of Hookbay: please report it with the lines above.',
  };
}
