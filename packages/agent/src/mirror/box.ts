/** A host that is reached over ssh and has rsync: a Hetzner Storage Box, or any other. */
export interface Box {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Below the account's home. */
  readonly directory: string;
  readonly identityFile: string;
  readonly knownHostsFile: string;
  readonly bandwidthKBps: number | null;
}

/**
 * ssh with everything that matters on its command line, and no file of the user's: the host key is one of the given file or the
 * connection ends, nothing asks, and an idle connection is kept (Storage Boxes drop it after 10 to 15 minutes). Pure.
 */
export function sshArguments(box: Pick<Box, 'port' | 'identityFile' | 'knownHostsFile'>): readonly string[] {
  const options = [
    'BatchMode=yes',
    'IdentitiesOnly=yes',
    'StrictHostKeyChecking=yes',
    `UserKnownHostsFile=${box.knownHostsFile}`,
    'GlobalKnownHostsFile=/dev/null',
    'UpdateHostKeys=no',
    'ConnectTimeout=20',
    'ServerAliveInterval=15',
    'ServerAliveCountMax=4',
    'LogLevel=ERROR',
  ];
  return [
    '/usr/bin/ssh',
    '-F',
    'none',
    '-p',
    String(box.port),
    '-i',
    box.identityFile,
    ...options.flatMap((one) => ['-o', one]),
  ];
}

/** A command on the box; its words must need no quoting, because a shell there splits them. Pure. */
export function boxArgv(box: Box, words: readonly string[]): readonly string[] {
  const unsafe = words.find((word) => !/^[A-Za-z0-9@%+=:,./_-]+$/.test(word));
  if (unsafe !== undefined) throw new Error(`cannot send the word ${JSON.stringify(unsafe)} to a shell`);
  return [...sshArguments(box), '--', `${box.user}@${box.host}`, ...words];
}

/** `user@host:directory`, as rsync and people have it. */
export function boxText({ user, host, directory }: Pick<Box, 'user' | 'host' | 'directory'>): string {
  return `${user}@${host}:${directory}`;
}
