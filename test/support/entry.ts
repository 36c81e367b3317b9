import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/**
 * The program that tests start as a process: the source, or what the whole test command has just built, which starts in two
 * thirds of the time and is what people run.
 */
export const ENTRY = fileURLToPath(new URL(process.env.HOOKBAY_ENTRY ?? 'src/main.ts', `file://${ROOT}`));
