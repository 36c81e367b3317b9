/**
 * A delivery's row grows when its first attempt is written into it, and a page that was filled with rows before then
 * overflows: balancing the pages around it was a fifth of the log. So a new row brings the room that an attempt takes, and
 * the attempt takes its place.
 */
export const ATTEMPT_ROOM = 'ALTER TABLE deliveries ADD COLUMN room TEXT;';
