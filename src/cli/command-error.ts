/** 0 done; 1 it was tried and failed; 2 wrong use or configuration: nothing was tried. */
export type ExitCode = 0 | 1 | 2;

/** Ends a command. The message says what is wrong, the hint what to do next. */
export class CommandError extends Error {
  readonly exitCode: ExitCode;
  readonly code: string;
  readonly hint: string | undefined;

  constructor(problem: { exitCode: ExitCode; code: string; message: string; hint?: string | undefined }, options?: ErrorOptions) {
    super(problem.message, options);
    this.name = 'CommandError';
    this.exitCode = problem.exitCode;
    this.code = problem.code;
    this.hint = problem.hint;
  }
}

/** The command was given something that it cannot work with. */
export function wrongUse(message: string, hint?: string): CommandError {
  return new CommandError({ exitCode: 2, code: 'wrong_use', message, hint });
}
