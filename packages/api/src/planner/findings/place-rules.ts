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
      'Move the cluster into a directory below the mount point, once, with the outage of a restart: stop it and run "barback-agent move-down" ' +
      'on its host (docs/install.md). Drills work as it is.',
  };
};

/**
 * A rename would exchange the link and not what it leads to. A pg_wal behind a link is no obstacle to a restore of live, whose own is
 * made where live has it; a drill's copy has a plain one, because Barman tracks no links but tablespaces.
 */
const dataDirectorySymlink: Rule = ({ host: { dataDirectory }, touches }) => {
  if (dataDirectory === null) return null;
  const { path, linkTo, walLinkTo } = dataDirectory;
  const isLive = touches === 'live';
  const links = [
    ...(linkTo === null ? [] : [`${path} is a symbolic link to ${linkTo}: what is restored lies beside the link`]),
    ...(walLinkTo === null || isLive
      ? []
      : [`its pg_wal is a symbolic link to ${walLinkTo}: the copy has a plain directory`]),
  ];
  if (links.length === 0) return null;
  return {
    code: 'data-directory-symlink',
    severity: isLive ? 'blocking' : 'info',
    title: 'The data directory is not where its name says',
    detail: `${links.join('; ')}.`,
    remedy:
      linkTo === null
        ? 'Nothing: a restore of live puts its pg_wal where live has it now.'
        : `Set postgres.dataDirectory in the agent's configuration to ${linkTo}. Drills work as it is.`,
  };
};

export const placeRules: readonly Rule[] = [dataDirectoryMount, dataDirectorySymlink];
