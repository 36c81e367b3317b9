/** What providers allow, or where they say nothing (the notes tell), what is usual. */
export const FIVE_MINUTES_MS = 300_000;
