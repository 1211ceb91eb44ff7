import { expect, test } from 'vitest';
import { keyscanArgv, keysOf } from './keyscan.ts';

test('an sshd is asked for its keys by address and port, and for nothing else', () => {
  expect(keyscanArgv({ host: '-oProxyCommand=x', port: 2222, hostKey: '' }).slice(-2)).toEqual([
    '--',
    '-oProxyCommand=x',
  ]);
  expect(keyscanArgv({ host: '10.0.0.5', port: 2222, hostKey: '' })).toContain('2222');
});

test('its keys are read with their types, whatever the host is called and whatever else is said', () => {
  const said =
    '# 10.0.0.5:22 SSH-2.0-OpenSSH_9.2p1\n10.0.0.5 ssh-ed25519 AAAAC3\n[10.0.0.5]:23 ssh-rsa AAAAB3==\n\nnonsense\n';
  expect(keysOf(said)).toEqual(['ssh-ed25519 AAAAC3', 'ssh-rsa AAAAB3==']);
  expect(keysOf('')).toEqual([]);
});
