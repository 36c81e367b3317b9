/** Names of the targets and routes that there are now. */
export interface Configured {
  targets: ReadonlySet<string>;
  routes: ReadonlySet<string>;
}

/** Something of a target is due at this wall time, ms. */
export interface DueChange {
  target: string;
  dueAt: number;
}
