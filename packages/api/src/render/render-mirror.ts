import type { MirrorView } from '../mirror/mirror-view.ts';
import type { MirrorResult } from '../scenarios/small-results.ts';
import { fields, page, section } from './layout.ts';
import { nextActions } from './next-actions.ts';
import { bytes, duration, exactInstant, instant } from './units.ts';

/** What was sent, and what a check found. */
export function renderMirrorResult({ push, vault, check }: MirrorResult): string {
  return page(
    push === null
      ? null
      : section(
          'mirror',
          fields([
            ['  at', push.destination],
            ['  sent', `${push.filesSent} files, ${bytes(push.bytesSent)} in ${duration(push.seconds)}`],
            ['  holds', `${push.files} files, ${bytes(push.bytes)}`],
            ['  backups', push.backups.join(', ') || 'none'],
          ]),
        ),
    vault === null ? null : section('vault', vaultText(vault)),
    check === null ? null : section('check', checked(check)),
  );
}

type Vault = Pick<NonNullable<MirrorResult['vault']>, 'version' | 'files' | 'bytes' | 'sealed' | 'leftOut'>;

/** What a new host would be without is named: it has to be somewhere else. */
function vaultText({ version, files, bytes: size, sealed, leftOut }: Vault): string {
  const head = `  ${version}: ${files} files, ${bytes(size)}; ${sealed} with secrets, encrypted\n`;
  const secrets = leftOut.filter(({ why }) => why === 'secret');
  const others = leftOut.filter(({ why }) => why !== 'secret');
  const say = (what: string, all: readonly { path: string }[]): string =>
    all.length === 0 ? '' : `  ${what}: ${all.map((one) => one.path).join(', ')}\n`;
  return head + say('LEFT OUT for want of a key (mirror.vault.recipients)', secrets) + say('not read', others);
}

/** How old it is, and what would be lost if nothing else were left. */
export function renderMirror(view: MirrorView, now: number): string {
  const { current, vault, lastCheck, problem } = view;
  return page(
    fields([
      ['mirror of', view.server],
      ['up to date', current === null ? 'never' : instant(current.at, now)],
      ['at', current?.destination ?? null],
      [
        'holds',
        current === null
          ? null
          : `${current.files} files, ${bytes(current.bytes)}; backups ${current.backups.join(', ') || 'none'}`,
      ],
      [
        'newest commit',
        current?.newestCommit
          ? `${current.newestCommit.xid} of ${exactInstant(current.newestCommit.time)}, at least`
          : null,
      ],
      ['a disaster loses now', lost(view.lostNow)],
    ]),
    problem === null
      ? null
      : section('problem', `  ${instant(problem.at, now)}, run ${problem.run}: ${problem.detail}\n`),
    vault === null ? null : section(`vault, ${instant(vault.at, now)}`, vaultText(vault)),
    lastCheck === null ? null : section(`check, ${instant(lastCheck.at, now)}`, checked(lastCheck)),
    nextActions([
      {
        say: 'bring it up to date',
        method: 'POST',
        path: '/v1/runs',
        body: { server: view.server, scenario: 'mirror' },
      },
      {
        say: 'look for damage',
        method: 'POST',
        path: '/v1/runs',
        body: { server: view.server, scenario: 'mirror', options: { check: true } },
      },
    ]),
  );
}

type Check = NonNullable<MirrorResult['check']>;

function checked({ how, files, bytes: size, damagedFiles, damaged }: Check): string {
  const where = how === 'box' ? 'hashed by the box' : 'fetched and hashed here, by chance';
  const head = `  ${files} files, ${bytes(size)}, ${where}: ${damagedFiles === 0 ? 'no damage' : `${damagedFiles} DAMAGED`}\n`;
  return head + damaged.map((one) => `    ${one.path}: ${one.is}\n`).join('');
}

function lost(lostNow: MirrorView['lostNow']): string | null {
  if (lostNow === null) return null;
  const { commits, seconds } = lostNow;
  if (commits === 0 || seconds === 0) return 'nothing that is known of';
  const many = commits === null ? 'an unknown number of commits' : `at most ${commits} commits`;
  return seconds === null ? many : `${many}, those of the last ${duration(seconds)}`;
}
