import { isIP } from 'node:net';
import type { AgentConfig } from '../config.ts';
import { changeOwner, readIfExists } from '../system/files.ts';
import { runProgram } from '../system/run-program.ts';
import { lookUpUser } from '../system/users.ts';

/** The api pins this very certificate, so its end is the end of the enrolment, not a matter of trust. */
const days = 3650;

/** A self-signed P-256 certificate for one host name or address (openssl-req(1), OpenSSL 3.0). */
export function certificateArgv(from: {
  certificateFile: string;
  keyFile: string;
  host: string;
  agentId: string;
}): string[] {
  const san = isIP(from.host) ? `IP:${from.host}` : `DNS:${from.host}`;
  return [
    '/usr/bin/openssl',
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-noenc',
    '-sha256',
    '-days',
    String(days),
    '-subj',
    `/CN=${from.agentId}`,
    '-addext',
    `subjectAltName=${san}`,
    '-addext',
    'keyUsage=critical,digitalSignature',
    '-addext',
    'extendedKeyUsage=serverAuth',
    '-keyout',
    from.keyFile,
    '-out',
    from.certificateFile,
  ];
}

/** Makes the gateway's certificate and key unless they exist; returns the certificate for the api to pin. */
export async function makeCertificate(config: AgentConfig, host: string, owner: string | undefined): Promise<string> {
  const { certificateFile, keyFile } = config.gateway;
  if (!/^[A-Za-z0-9.:-]{1,253}$/.test(host))
    throw new Error(`cannot make a certificate for the host ${JSON.stringify(host)}`);
  if ((await readIfExists(keyFile)) === undefined) {
    const argv = certificateArgv({ certificateFile, keyFile, host, agentId: config.id });
    const { exitCode, stderr } = await runProgram({ argv, user: null, timeoutMs: 30_000 });
    if (exitCode !== 0) throw new Error(`cannot make the certificate ${certificateFile}: ${stderr.trim()}`);
    if (owner !== undefined) await changeOwner(keyFile, await lookUpUser(owner));
  }
  const certificate = await readIfExists(certificateFile);
  if (certificate === undefined)
    throw new Error(`cannot read ${certificateFile}, though its key exists: remove ${keyFile} and try again`);
  return certificate;
}
