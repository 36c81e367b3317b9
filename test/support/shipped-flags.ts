import { readFileSync } from 'node:fs';

const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  scripts: { start: string };
};

/** Node's flags as `npm start` gives them; the package's bin and the image have the same. */
export const SHIPPED_FLAGS: readonly string[] = scripts.start.split(' ').filter((word) => word.startsWith('--'));
