/** What stands where nothing is configured; all else is then kept without an end. */
const UNSET: Record<string, string> = { bodies: 'with their event', maxSize: 'no limit' };

/** How long what is kept, as settings tell it; one of a newer relay is shown by its name. */
export const retentionFacts = (retention: Readonly<Record<string, string | null>>): [name: string, text: string][] =>
  Object.entries(retention).map(([what, how]) => [
    what === 'maxSize' ? 'largest database' : `keeps ${what}`,
    how ?? UNSET[what] ?? 'without an end',
  ]);
