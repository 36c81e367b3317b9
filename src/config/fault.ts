/** What a fault is, for programs and tests. The words are part of the interface: they stay. */
export type FaultCode =
  | 'file_missing'
  | 'file_unreadable'
  | 'syntax'
  | 'duplicate_key'
  | 'bad_alias'
  | 'too_much'
  | 'unquoted_placeholder'
  | 'bad_placeholder'
  | 'unset_variable'
  | 'secret_file_unreadable'
  | 'unknown_key'
  | 'missing_key'
  | 'wrong_type'
  | 'bad_value'
  | 'out_of_range'
  | 'bad_name'
  | 'bad_url'
  | 'bad_path'
  | 'bad_secret'
  | 'weak_secret'
  | 'empty_list'
  | 'repeated'
  | 'no_secret'
  | 'one_secret'
  | 'no_public_url'
  | 'admin_token_required'
  | 'same_listener'
  | 'reserved_path'
  | 'unreachable_route'
  | 'duplicate_path'
  | 'unknown_target'
  | 'inline_target_name'
  | 'no_dedup_key'
  | 'no_event_type'
  | 'no_answering_target'
  | 'only_in_proxy_mode'
  | 'bad_certificate'
  | 'bad_schema'
  | 'bad_header'
  | 'bad_expression'
  | 'contradiction';

/** One thing that is wrong with a configuration. No text in it contains a secret or the value of a variable. */
export interface Fault {
  code: FaultCode;
  /** The file as it was named to the loader, or null for a text without one. */
  file: string | null;
  /** From 1; 0 where the fault is the file itself. */
  line: number;
  column: number;
  /** Where in the configuration, for example `routes.knowledgesdk.verify.provider`; empty for the whole. */
  path: string;
  message: string;
  /** What would be right. */
  expected: string;
  /** What was probably meant. */
  suggestion?: string;
}

export type Path = readonly (string | number)[];

/** `routes.app.deliver[1].events`, as people write it. */
export function pathText(path: Path): string {
  return path.map((step, i) => (typeof step === 'number' ? `[${step}]` : i === 0 ? step : `.${step}`)).join('');
}

/** A fault for a terminal: where, what, what would be right, and what was probably meant; two or three lines. */
export function renderFault(fault: Fault): string {
  const file = fault.file ?? 'configuration';
  const where = fault.line === 0 ? file : `${file}:${fault.line}:${fault.column}`;
  const lines = [`${where}: ${fault.message} [${fault.code}]`, `    expected: ${fault.expected}`];
  if (fault.suggestion !== undefined) lines.push(`    did you mean: ${fault.suggestion}`);
  return lines.map(oneLine).join('\n');
}

/** Keys and names come from the file: a control character in one must not move the cursor of a terminal. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, '\uFFFD');
}
