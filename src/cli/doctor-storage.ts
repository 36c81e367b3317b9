import { constants } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { StorageConfig } from '../config/types.ts';
import { networkFileSystemOf } from '../store/sqlite/file-system.ts';
import type { Finding } from './findings.ts';
import { byteSize } from './text.ts';

const SUBJECT = 'storage';

/** The disk under the database, and whether this user may use it. */
export async function examineStorage({ file, minFree }: StorageConfig): Promise<Finding[]> {
  const folder = await existingFolder(dirname(file));
  try {
    await access(folder, constants.W_OK);
  } catch {
    const advice = 'Give it to the user that runs the relay, or set storage.url.';
    return [{ state: 'bad', subject: SUBJECT, finding: `${folder} cannot be written by this user.`, advice }];
  }
  const findings: Finding[] = [];
  const network = networkFileSystemOf(`${folder}/x`);
  if (network !== null) {
    const advice = 'Put it on a local disk: over a network neither locks nor fsync can be trusted.';
    findings.push({ state: 'bad', subject: SUBJECT, finding: `${folder} lies on a network file system (${network}).`, advice });
  }
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const size = (await stat(file).catch(() => null))?.size ?? 0;
  const seen = `${file}: ${size === 0 ? 'not there yet' : byteSize(size)}, ${byteSize(free)} free`;
  if (free < minFree) {
    const advice = 'Make room, or shorten storage.retention and reload: freed pages are used again.';
    findings.push({
      state: 'bad',
      subject: SUBJECT,
      finding: `${seen}, less than storage.minFree (${byteSize(minFree)}).`,
      advice,
    });
  } else if (free < 2 * minFree) {
    const advice = `Below storage.minFree (${byteSize(minFree)}) webhooks are refused.`;
    findings.push({ state: 'note', subject: SUBJECT, finding: `${seen}.`, advice });
  } else {
    findings.push({ state: 'good', subject: SUBJECT, finding: `${seen}.`, advice: null });
  }
  return findings;
}

/** The folder itself, or the nearest one above it that is there. */
async function existingFolder(folder: string): Promise<string> {
  const found = await stat(folder).catch(() => null);
  if (found?.isDirectory() || dirname(folder) === folder) return folder;
  return existingFolder(dirname(folder));
}
