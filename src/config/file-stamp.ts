import { stat } from 'node:fs/promises';

/**
 * What files look like from outside: another text when one of them was written, exchanged or has gone. Times and sizes,
 * because notifications do not come through mounts of containers, and tools that renew certificates exchange links.
 */
export async function filesStamp(files: readonly string[]): Promise<string> {
  return (await Promise.all(files.map(stamp))).join(' ');
}

async function stamp(file: string): Promise<string> {
  try {
    const { mtimeMs, size, ino } = await stat(file);
    return `${mtimeMs}/${size}/${ino}`;
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}
