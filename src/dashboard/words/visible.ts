/** What changes the direction of text or cannot be seen, but for tabs, line ends and the joiners that words and emoji need. */
const HIDDEN = /(?![\t\n\r\u200c\u200d])[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/**
 * Text from outside with every character to be seen: a sender must not be able to turn a line around or to hide a part.
 * @returns for example `a␀b`, `⟨U+202E⟩`
 */
export function visible(text: string): string {
  return text.replace(HIDDEN, (char) => {
    const code = char.codePointAt(0) ?? 0;
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : `⟨U+${code.toString(16).toUpperCase().padStart(4, '0')}⟩`;
  });
}
