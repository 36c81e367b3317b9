/**
 * Whether an event of this type is on a list. An entry is a type, or a glob in which `*` stands for any run of characters, also
 * none; letters count as they are written. An event without a type is on no list. Takes time linear in the type for each entry.
 * @param events null: there is no list, so every event is meant
 */
export function isListed(type: string | null, events: readonly string[] | null): boolean {
  if (events === null) return true;
  return type !== null && events.some((entry) => (isGlob(entry) ? matchesGlob(entry, type) : entry === type));
}

/** Whether an entry of such a list stands for more than the one type that it spells. */
export function isGlob(entry: string): boolean {
  return entry.includes('*');
}

/** Each part is looked for once, after the one before it: what stands leftmost leaves the most to the others. */
function matchesGlob(glob: string, text: string): boolean {
  const parts = glob.split('*');
  const first = parts.shift() ?? '';
  const last = parts.pop() ?? '';
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  const end = text.length - last.length;
  let from = first.length;
  for (const part of parts) {
    const at = text.indexOf(part, from);
    if (at < 0 || at + part.length > end) return false;
    from = at + part.length;
  }
  return true;
}
