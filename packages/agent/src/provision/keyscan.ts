/** Where an sshd listens, and the key that it is known by. */
export interface SshAddress {
  readonly host: string;
  readonly port: number;
  readonly hostKey: string;
}

/** Every kind of key that sshd has by default: another one than the known says that somebody else is there (ssh-keyscan(1)). */
export function keyscanArgv({ host, port }: SshAddress): string[] {
  return ['/usr/bin/ssh-keyscan', '-T', '8', '-p', String(port), '-t', 'ed25519,ecdsa,rsa', '--', host];
}

/** `TYPE KEY` of lines `HOST TYPE KEY`; comments name the version of the server. */
export function keysOf(output: string): string[] {
  return output.split('\n').flatMap((line) => {
    const [host, type, key] = line.trim().split(/\s+/);
    return host === undefined || host.startsWith('#') || type === undefined || key === undefined
      ? []
      : [`${type} ${key}`];
  });
}
