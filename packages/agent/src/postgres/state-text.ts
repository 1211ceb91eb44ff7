import { formatInstant } from '@barback/shared/postgres/instant.ts';

export interface StateRecord {
  readonly plan: string;
  readonly live: { readonly path: string };
  readonly incoming: { readonly path: string; readonly device: string; readonly inode: string };
  readonly old: { readonly device: string; readonly inode: string } | null;
  readonly keptPath: string;
  readonly at: number;
}

export interface StatePlace {
  readonly server: string;
  readonly postgres: { readonly user?: string | undefined; readonly binDirectory: string };
}

/** What a person needs who has the host, root, and nothing of Barback. */
export function stateText(record: StateRecord, { server, postgres }: StatePlace): string {
  const { plan, live, incoming, old, keptPath, at } = record;
  const user = postgres.user ?? 'the user of PostgreSQL';
  return `Barback put another directory at the live path of ${server} (plan ${plan}, ${formatInstant(at)}).

  ${live.path}
      the restored cluster, inode ${incoming.inode} on device ${incoming.device}
  ${keptPath}
      what was live before, inode ${old?.inode} on device ${old?.device}; kept until the run is accepted

Look:        barback-agent rescue status --server ${server}
             ls -di ${live.path} ${keptPath}
             ${postgres.binDirectory}/pg_controldata ${live.path}

Both may be held (PG_VERSION has mode 0000 so that nobody starts them by accident) and everybody may be fenced out by the first
lines of pg_hba.conf, between "BEGIN Barback fence" and "END Barback fence".

With the agent's program on this host:
  finish the swap and start     barback-agent rescue finish --server ${server}
  put the old one back, start   barback-agent rescue undo --server ${server}
  lift hold and fence only      barback-agent rescue lift --server ${server}

Without it, as root, PostgreSQL stopped:
  open what is at the live path
      chmod 0600 ${live.path}/PG_VERSION
      remove the fence's lines from pg_hba.conf, restore start.conf of a Debian cluster to "auto" or "manual"
      start PostgreSQL by its service
  put the old one back
      mv -T ${live.path} ${incoming.path}
      mv -T ${keptPath} ${live.path}
      chmod 0600 ${live.path}/PG_VERSION
      then as above; both belong to ${user} and need no other change
`;
}
