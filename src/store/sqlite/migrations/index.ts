import { INITIAL } from './001-initial.ts';

/** In order; the database's `user_version` is the number of those that were run. */
export const MIGRATIONS: readonly string[] = [INITIAL];
