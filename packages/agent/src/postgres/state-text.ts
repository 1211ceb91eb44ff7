import { formatInstant } from '@barback/shared/postgres/instant.ts';

export interface StateRecord {
  readonly plan: string;
  readonly live: { readonly path: string };
  readonly incoming: { readonly path: string; readonly device: string; readonly inode: string };
  readonly old: { readonly device: string; readonly inode: string } | null;
  /** Whether what was live could be live again. */
  readonly oldIsCluster: boolean;
  readonly keptPath: string;
  readonly at: number;
}

export interface StatePlace {
  readonly server: string;
  readonly binDirectory: string;
  /** The command line of a rescue, whose verb is put in the place of VERB. */
  readonly rescue: string;
  readonly hbaFile: string | null;
  /** Of a Debian cluster, with what it said before it was held. */
  readonly startConf: { readonly file: string; readonly text: string } | null;
  /** What starts PostgreSQL, as root. */
  readonly start: string;
}

/** What a person needs who has the host, root, and nothing of Barback; written before the first rename, and true until the last. */
export function stateText(record: StateRecord, place: StatePlace): string {
  const { plan, live, incoming, old, keptPath, at } = record;
  const rescue = (verb: string): string => place.rescue.replace('VERB', verb);
  const open = openLines(live.path, place);
  return `Barback puts another directory at the live path of ${place.server} (plan ${plan}, ${formatInstant(at)}).

  inode ${incoming.inode} on device ${incoming.device}
      the restored cluster: at ${live.path},
      or still at ${incoming.path}
  inode ${old?.inode} on device ${old?.device}
      what was live before: at ${keptPath}, until the run is accepted,
      or still at ${live.path}
  Between the two renames nothing is at the live path.

Look:
      ls -di ${live.path} ${keptPath} ${incoming.path}
      ${rescue('status')}
      ${place.binDirectory}/pg_controldata ${live.path}

Both may be held (PG_VERSION has mode 0000 so that nobody starts them by accident) and everybody may be fenced out by the first
lines of pg_hba.conf, between "BEGIN Barback fence" and "END Barback fence".

With the agent's program:
  finish the swap and start
      ${rescue('finish')}
  put the old one back and start it
      ${rescue('undo')}
  lift hold and fence only
      ${rescue('lift')}

Without it, as root, while no PostgreSQL runs there. Each line only where "ls -di" shows that inode at the first of its two places.
  finish
      mv -T ${live.path} ${keptPath}    # inode ${old?.inode}
      mv -T ${incoming.path} ${live.path}    # inode ${incoming.inode}
${backLines(record)}
  then, in both cases, open what is at the live path
${open.map((line) => `      ${line}`).join('\n')}
`;
}

function backLines({ live, incoming, old, keptPath, oldIsCluster }: StateRecord): string {
  if (!oldIsCluster)
    return '  There is nothing to put back: what was live before holds no cluster (deleted to make room, or damaged).';
  return `  put the old one back
      mv -T ${live.path} ${incoming.path}    # inode ${incoming.inode}
      mv -T ${keptPath} ${live.path}    # inode ${old?.inode}`;
}

function openLines(live: string, { hbaFile, startConf, start }: StatePlace): string[] {
  const fence = '/^# BEGIN Barback fence/,/^# END Barback fence/d';
  return [
    `chmod 0600 ${live}/PG_VERSION`,
    ...(hbaFile === null ? [] : [`sed -i --follow-symlinks '${fence}' ${hbaFile}`]),
    ...(startConf === null ? [] : [`echo ${startConf.text} > ${startConf.file}`]),
    start,
  ];
}
