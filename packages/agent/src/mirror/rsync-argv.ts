import { boxText, sshArguments, type Box } from './box.ts';

/** One transfer. Filters are rsync's, first match wins. */
export interface Transfer {
  /** `push`: from here to the box. */
  readonly direction: 'push' | 'fetch';
  /** Here; with a slash at its end for the contents of a directory. */
  readonly local: string;
  /** Below the box's directory; '' for itself. */
  readonly remote: string;
  readonly filters: readonly string[];
  /** Whether what is not here any more is deleted there. */
  readonly deletes: boolean;
  readonly compareContents: boolean;
  /** False: symbolic links stay there. A box that is not trusted would have what is read here lead elsewhere. */
  readonly links?: false;
}

/**
 * Why each: owner, group and devices mean nothing on a box, so -rlpt instead of -a. Hard links need the whole list first. A file
 * that was cut off goes on where it was, from a directory that no tree shows. Not --inplace, which would write through the hard
 * links of other backups; not -z, because WAL and backups are compressed or are not worth it (rsync(1), integrations by measurement).
 */
const always = [
  '--recursive',
  '--links',
  '--perms',
  '--times',
  '--hard-links',
  '--no-inc-recursive',
  '--partial-dir=.rsync-partial',
  '--timeout=120',
  '--info=progress2,stats2',
  '--outbuf=L',
  '--no-human-readable',
  '--protect-args',
  '--exclude=.*.lock',
  '--exclude=.rsync-partial',
  '--exclude=.xlogdb.tmp',
];

export function rsyncArgv(box: Box, transfer: Transfer): readonly string[] {
  const remote = `${boxText(box)}${transfer.remote === '' ? '' : `/${transfer.remote}`}`;
  return [
    '/usr/bin/rsync',
    ...always,
    ...(transfer.links === false ? ['--no-links'] : []),
    ...transfer.filters,
    // Late, so that a transfer that is cut off has deleted nothing.
    ...(transfer.deletes ? ['--delete-after'] : []),
    ...(transfer.compareContents ? ['--checksum'] : []),
    ...(box.bandwidthKBps === null ? [] : [`--bwlimit=${box.bandwidthKBps}`]),
    `--rsh=${sshArguments(box).join(' ')}`,
    '--',
    // The contents of the directory, as on the other side.
    ...(transfer.direction === 'push' ? [transfer.local, remote] : [`${remote}/`, transfer.local]),
  ];
}
