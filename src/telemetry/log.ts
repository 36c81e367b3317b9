import { type LevelWithSilent, type Logger as PinoLogger, pino, stdTimeFunctions } from 'pino';
import { prettyFactory } from 'pino-pretty';
import { createCensor, escapeControls } from './censor.ts';

export interface LoggerOptions {
  level: LevelWithSilent;
  /** For people at a terminal; otherwise JSON lines. */
  pretty: boolean;
  colour: boolean;
  /** Where lines go, each with its newline. */
  destination: { write(line: string): unknown };
  /** Every secret of the present configuration; asked at each line, so that a reload counts at once. */
  secrets: () => readonly string[];
  /** Headers whose values the configuration masks; the same list until it changes. */
  redacted: () => readonly string[];
}

/** How to write logs, from what is known about the stream. `noColor` is the value of NO_COLOR (https://no-color.org). */
export function logStyle(
  stream: { isTTY?: boolean | undefined },
  noColor: string | undefined,
): { pretty: boolean; colour: boolean } {
  const pretty = stream.isTTY === true;
  return { pretty, colour: pretty && (noColor === undefined || noColor === '') };
}

/** A pino logger that writes one line per record, whatever the input, and no configured secret. */
export function createLogger(options: LoggerOptions): PinoLogger {
  const censor = createCensor(options.secrets, options.redacted);
  const render = options.pretty ? prettyLine(options.colour) : (line: string) => line;
  const write = (line: string): void => void options.destination.write(escapeControls(render(censor(line))));
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write },
  );
}

/** Renders a JSON line on one line for a terminal; the same line when it does not parse. */
function prettyLine(colour: boolean): (line: string) => string {
  const format = prettyFactory({
    colorize: colour,
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss.l',
    // Errors are shown inside the line too: a stack over several lines would be several records.
    errorLikeObjectKeys: [],
    messageFormat: (record, key) => quoteControls(String(record[key] ?? '')),
  });
  return (line) => `${format(line).trimEnd()}\n`;
}

/** Line breaks and escape sequences in a message are shown, not obeyed. */
const quoteControls = (text: string): string => JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll('\\\\', '\\');
