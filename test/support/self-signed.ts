import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A fresh certificate for an address, as an agent gets it when it is enrolled. */
export function selfSigned(address = '127.0.0.1'): { certificate: string; key: string } {
  const directory = mkdtempSync(join(tmpdir(), 'barback-certificate-'));
  const [keyFile, certificateFile] = [join(directory, 'key.pem'), join(directory, 'certificate.pem')];
  try {
    execFileSync(
      '/usr/bin/openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-days',
        '2',
        '-subj',
        '/CN=barback-agent',
        '-addext',
        `subjectAltName=IP:${address}`,
        '-keyout',
        keyFile,
        '-out',
        certificateFile,
      ],
      { stdio: 'pipe' },
    );
    return { certificate: readFileSync(certificateFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
