import type { Rule } from './rule.ts';

/** rename(2): EBUSY for a mount point, so a restored directory cannot take its name. */
const dataDirectoryMount: Rule = ({ host: { dataDirectory }, touches }) => {
  if (!dataDirectory?.isMountPoint) return null;
  return {
    code: 'data-directory-mount',
    severity: touches === 'live' ? 'blocking' : 'info',
    title: 'The data directory is a mount point',
    detail: `A filesystem is mounted at ${dataDirectory.path}: it cannot be renamed, so live cannot be replaced by a swap of directories.`,
    remedy:
      'Move the cluster into a directory below the mount point: stop it, move everything of PostgreSQL there, set data_directory ' +
      "(Debian: pg_conftool) and postgres.dataDirectory in the agent's configuration, start it. Drills work as it is.",
  };
};

/** Barman restores a plain pg_wal, and beside a link there is another filesystem (Barman's documentation: only tablespaces are tracked). */
const dataDirectorySymlink: Rule = ({ host: { dataDirectory }, touches }) => {
  if (dataDirectory === null) return null;
  const { path, linkTo, walLinkTo } = dataDirectory;
  const links = [
    ...(linkTo === null ? [] : [`${path} is a symbolic link to ${linkTo}: what is restored lies beside the link`]),
    ...(walLinkTo === null
      ? []
      : [`its pg_wal is a symbolic link to ${walLinkTo}: a restored pg_wal is a plain directory`]),
  ];
  if (links.length === 0) return null;
  return {
    code: 'data-directory-symlink',
    severity: touches === 'live' ? 'confirm' : 'info',
    title: 'The data directory is not where its name says',
    detail: `${links.join('; ')}. After a swap of directories live would use another filesystem than before.`,
    remedy:
      linkTo === null
        ? 'Make room for WAL in the data directory, or move pg_wal out again after a restore of live. Drills work as it is.'
        : `Set postgres.dataDirectory in the agent's configuration to ${linkTo}. Drills work as it is.`,
  };
};

export const placeRules: readonly Rule[] = [dataDirectoryMount, dataDirectorySymlink];
