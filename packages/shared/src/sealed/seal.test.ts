import { Decrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { extract } from 'tar-stream';
import { expect, test } from 'vitest';
import { recipientSchema, seal } from './seal.ts';

async function namesAndContents(tar: Uint8Array): Promise<[string, string][]> {
  const reader = extract();
  reader.end(Buffer.from(tar));
  const found: [string, string][] = [];
  for await (const entry of reader) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    found.push([entry.header.name, Buffer.concat(chunks).toString()]);
  }
  return found;
}

test('what is sealed is opened by its key, whole, and by no other', async () => {
  const identity = await generateX25519Identity();
  const recipient = await identityToRecipient(identity);
  const long = `var/lib/${'x'.repeat(150)}/.pgpass`;
  const sealed = await seal(
    [
      { name: 'var/lib/barman/.pgpass', content: Buffer.from('host:5432:*:barman:geheim\n') },
      { name: long, content: Buffer.from('') },
    ],
    [recipient],
  );
  expect(Buffer.from(sealed).toString('latin1')).not.toContain('geheim');
  const opener = new Decrypter();
  opener.addIdentity(identity);
  expect(await namesAndContents(await opener.decrypt(sealed))).toEqual([
    ['var/lib/barman/.pgpass', 'host:5432:*:barman:geheim\n'],
    [long, ''],
  ]);
  const stranger = new Decrypter();
  stranger.addIdentity(await generateX25519Identity());
  await expect(stranger.decrypt(sealed)).rejects.toThrow('no identity matched');
});

test('a recipient is a public key, never the secret one or a word', async () => {
  const identity = await generateX25519Identity();
  expect(recipientSchema.safeParse(await identityToRecipient(identity)).success).toBe(true);
  const bad = [
    identity,
    'age1',
    'age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq',
    'ssh-ed25519 AAAA',
    '',
  ];
  expect(bad.map((one) => recipientSchema.safeParse(one).success)).toEqual(bad.map(() => false));
});
