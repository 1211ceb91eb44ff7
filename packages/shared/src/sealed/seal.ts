import { Encrypter } from 'age-encryption';
import { z } from 'zod';
import { tarOf, type TarEntry } from './tar.ts';

/** A public key of age (`age-keygen`): whoever holds the other half, and nobody else, opens what is sealed to it. */
export const recipientSchema = z
  .string()
  .refine(isRecipient, 'write a public key of age, as age-keygen prints it: age1…');

/** What opens it: `age --decrypt --identity KEY FILE | tar --extract`. */
export async function seal(entries: readonly TarEntry[], recipients: readonly string[]): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  for (const one of recipients) encrypter.addRecipient(one);
  return encrypter.encrypt(await tarOf(entries));
}

function isRecipient(text: string): boolean {
  try {
    new Encrypter().addRecipient(text);
    return true;
  } catch {
    return false;
  }
}
