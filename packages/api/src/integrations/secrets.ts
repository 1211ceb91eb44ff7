import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { z } from 'zod';

/** Settings, plans and the audit log have only the name; the configuration of the api says in which file it is. */
export const secretNameSchema = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/, 'expected the name of a secret in the configuration of the api');

const secretBytesMax = 16 * 1024;

export interface Secrets {
  readonly names: readonly string[];
  /** Read from its file now, so that a changed one counts at once. */
  read(name: string): string;
}

/** The secrets of the configuration: name to file. A file that others may read is refused. */
export function openSecrets(files: Readonly<Record<string, string>>): Secrets {
  return {
    names: Object.keys(files),
    read(name) {
      const file = Object.hasOwn(files, name) ? files[name] : undefined;
      if (file === undefined) {
        throw new ProblemError('secret-unusable', `The configuration of the api has no secret ${name}`, {
          next: `Add it under secrets: {${name}: FILE}, and start the api again.`,
        });
      }
      return readSecretFile(name, file);
    },
  };
}

/** Names the file and the fault, never the content. */
function readSecretFile(name: string, file: string): string {
  const unusable = (why: string, next: string): ProblemError =>
    new ProblemError('secret-unusable', `The secret ${name} cannot be read from ${file}: ${why}`, { next });
  let descriptor: number;
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw unusable(code, 'Make the file readable for the user of the api, and for nobody else (chmod 600).');
  }
  try {
    const { mode, size } = fstatSync(descriptor);
    if ((mode & constants.S_IFMT) !== constants.S_IFREG) throw unusable('it is no file', 'Name a file.');
    if ((mode & 0o077) !== 0) throw unusable('others may read it', `chmod 600 ${file}, and replace the secret.`);
    if (size > secretBytesMax) throw unusable('it is too large for a secret', 'Name the right file.');
    const text = readFileSync(descriptor, 'utf8').trim();
    // What cannot be a header, or would be two.
    if (!/^[\x21-\x7e]+$/.test(text)) {
      throw unusable('it is not one line of visible characters', 'Write the secret, and nothing else, into it.');
    }
    return text;
  } finally {
    closeSync(descriptor);
  }
}
