import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';

/** `statfs` types (linux/magic.h and the drivers' own) of file systems over which locks or fsync cannot be trusted. */
const NETWORK_TYPES: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x517b, 'SMB'],
  [0x01021997, '9P'],
  [0x65735546, 'FUSE'],
  [0x00c36400, 'Ceph'],
  [0x0bd00bd0, 'Lustre'],
]);

/** @returns the name of the network file system that the file lies on, or null for a local one */
export function networkFileSystemOf(file: string): string | null {
  return NETWORK_TYPES.get(statfsSync(dirname(file)).type) ?? null;
}
