/** The part of a pino logger that the parts use: one wide record a line, an event name as the message. */
export interface Logger {
  debug(record: object, message: string): void;
  info(record: object, message: string): void;
  warn(record: object, message: string): void;
  error(record: object, message: string): void;
}
