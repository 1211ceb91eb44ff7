/** The keys of a known_hosts file (sshd(8)), whatever host they are of: the file is of one box. Pure. */
export function keysOfKnownHosts(text: string): readonly { readonly type: string; readonly key: Buffer }[] {
  return text.split('\n').flatMap((line) => {
    const words = line.trim().split(/\s+/);
    if (words[0] === '' || words[0]?.startsWith('#')) return [];
    // @revoked and @cert-authority are no keys of a host.
    if (words[0]?.startsWith('@')) return [];
    const [, type, encoded] = words;
    return type === undefined || encoded === undefined ? [] : [{ type, key: Buffer.from(encoded, 'base64') }];
  });
}

/** In the order of preference, what signatures the keys allow: others would only end in a refusal. */
export function algorithmsOf(types: readonly string[]): readonly string[] {
  const known: Readonly<Record<string, readonly string[]>> = {
    'ssh-ed25519': ['ssh-ed25519'],
    'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
    'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
    'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
    'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
  };
  return Object.entries(known).flatMap(([type, algorithms]) => (types.includes(type) ? algorithms : []));
}
