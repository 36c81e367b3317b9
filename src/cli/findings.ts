/** Something that was looked at. `note`: worth knowing; `bad`: to be mended. */
export interface Finding {
  state: 'good' | 'note' | 'bad';
  /** What it is about, for example `target app`. */
  subject: string;
  finding: string;
  /** What to do, where there is something. */
  advice: string | null;
}
