import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { codename } from './barman-program.ts';
import { findProgram } from './requirements.ts';
import { librariesIn, unpackPackages } from './unpacked-packages.ts';

export interface SshdProgram {
  readonly file: string;
  /** What it starts for sftp. */
  readonly sftpServer: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Lines of sshd_config without which it does not find its own parts. */
  readonly settings: readonly string[];
}

/** The server and what it links that a small installation lacks, by release; installing it would start one for the whole machine. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  bookworm: ['openssh-server', 'openssh-sftp-server', 'libwrap0', 'libnsl2', 'libtirpc3'],
  trixie: ['openssh-server', 'openssh-sftp-server', 'libwrap0', 'libnsl2', 'libtirpc3t64', 'libwtmpdb0'],
};

const sftpServer = '/usr/lib/openssh/sftp-server';

/** An sshd to start as any user: the machine's if it has one, otherwise one that is unpacked and never installed. */
export async function findSshd(): Promise<SshdProgram> {
  const installed = await findProgram('sshd', ['/usr/sbin']);
  // Its package needs that of the sftp server.
  if (installed !== undefined) return { file: installed, sftpServer, environment: {}, settings: [] };
  const suite = await codename();
  const packages = PACKAGES[suite];
  if (packages === undefined) {
    throw new Error(`cannot build a lab that needs ssh: there is no sshd, and no list of its packages for '${suite}'`);
  }
  const tree = await unpackPackages({ suite, packages });
  const names = await readdir(path.join(tree, 'usr/lib/openssh')).catch(() => [] as string[]);
  // Since OpenSSH 9.8 a connection is served by programs of their own, whose paths are compiled in.
  const parts = { 'sshd-session': 'SshdSessionPath', 'sshd-auth': 'SshdAuthPath' };
  const settings = Object.entries(parts)
    .filter(([name]) => names.includes(name))
    .map(([name, setting]) => `${setting} ${path.join(tree, 'usr/lib/openssh', name)}`);
  return {
    file: path.join(tree, 'usr/sbin/sshd'),
    sftpServer: path.join(tree, sftpServer),
    environment: { LD_LIBRARY_PATH: await librariesIn(tree) },
    settings,
  };
}
