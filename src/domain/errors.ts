/** What went wrong, for people and programs: the code is stable, the hint says what to do next. */
export interface Problem {
  code: string;
  /** HTTP status, where the problem is answered over HTTP. */
  status: number;
  message: string;
  hint?: string;
}

/** An error that carries a {@link Problem}. Match on `code`, never on the text. */
export class HookbayError extends Error {
  readonly code: string;
  readonly status: number;
  readonly hint: string | undefined;

  constructor(problem: Problem, options?: ErrorOptions) {
    super(problem.message, options);
    this.name = 'HookbayError';
    this.code = problem.code;
    this.status = problem.status;
    this.hint = problem.hint;
  }
}
