import { describe, expect, test } from 'vitest';
import { carryCredentialsScript, compareCredentials, credentialsToCarry, type Credential } from './credentials-sql.ts';

function credential(role: string, more: Partial<Credential> = {}): Credential {
  return {
    role,
    password: 'SCRAM-SHA-256$4096:a$b:c',
    validUntil: null,
    login: true,
    rights: 'f t f f f f -1',
    ...more,
  };
}

describe('roles of live and of a copy', () => {
  test('are the same when nothing differs', () => {
    const same = [credential('app'), credential('barman')];
    expect(compareCredentials(same, same)).toEqual({ changed: [], onlyLive: [], onlyCopy: [] });
    expect(credentialsToCarry(same, same)).toEqual([]);
  });

  test('are told by name with what differs, and with what only one side has', () => {
    const live = [
      credential('app', { password: 'SCRAM-SHA-256$4096:new$b:c' }),
      credential('left', { login: false, validUntil: '2026-11-26 00:00:00.000000+00' }),
      credential('ops', { rights: 't t f f f f -1' }),
      credential('new'),
    ];
    const copy = [credential('app'), credential('left'), credential('ops'), credential('old')];
    const found = compareCredentials(live, copy);
    expect(found).toEqual({
      changed: [
        { role: 'app', what: ['password'] },
        { role: 'left', what: ['valid-until', 'login'] },
        { role: 'ops', what: ['rights'] },
      ],
      onlyLive: ['new'],
      onlyCopy: ['old'],
    });
    expect(JSON.stringify(found)).not.toContain('SCRAM');
    // What a role may do is part of the data that is restored; only how it logs in is taken from live.
    expect(credentialsToCarry(live, copy).map((one) => one.role)).toEqual(['app', 'left']);
  });
});

test('what is carried over reaches no log and cannot leave its quotes', () => {
  const script = carryCredentialsScript([
    credential(`it's "me"\\`, { password: null, login: false, validUntil: '2026-11-26 00:00:00.000000+00' }),
    credential('app', { password: `a'b\\c` }),
  ]);
  expect(script).toContain(
    `ALTER ROLE "it's ""me""\\" NOLOGIN PASSWORD NULL VALID UNTIL E'2026-11-26 00:00:00.000000+00';`,
  );
  expect(script).toContain(`ALTER ROLE "app" LOGIN PASSWORD E'a''b\\\\c' VALID UNTIL E'infinity';`);
  const silenced = script.indexOf('log_min_error_statement');
  expect(silenced).toBeGreaterThan(script.indexOf('BEGIN'));
  expect(silenced).toBeLessThan(script.indexOf('ALTER ROLE'));
});
