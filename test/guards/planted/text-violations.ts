import type { Planted } from './planted.ts';

// Joined here so that this file does not contain what it plants.
const mark = (...parts: readonly string[]): string => parts.join('');

/** Files that break the rules of scripts/structure/text-violations.ts. */
export const plantedText: readonly Planted[] = [
  ...['utils', 'string-helpers', 'common', 'job-manager', 'restore-service'].map((name) => ({
    rule: 'says-what-it-is',
    path: `packages/api/src/planted/${name}.ts`,
    text: 'export const n = 1;\n',
  })),
  {
    rule: 'says-what-it-is',
    path: 'packages/api/src/helpers/instant.ts',
    text: 'export const n = 1;\n',
  },
  {
    rule: 'no-shell',
    path: 'packages/agent/src/system/with-shell.ts',
    text: mark(
      "import { spawn } from 'node:child_process';\nexport const run = () => spawn('ls', [], { she",
      'll: true });\n',
    ),
  },
  {
    rule: 'no-unexplained-suppression',
    path: 'packages/api/src/planted/suppressed.ts',
    text: mark('// oxlint-dis', 'able-next-line no-console\nconsole.log(1);\nexport const n = 1;\n'),
  },
  {
    rule: 'no-marks-of-unfinished-work',
    path: 'docs/unfinished.md',
    text: mark('TO', 'DO: say more\n'),
  },
  {
    rule: 'no-marks-of-unfinished-work',
    path: 'packages/api/src/planted/unfinished.ts',
    text: mark('// FIX', 'ME\nexport const n = 1;\n'),
  },
  { rule: 'no-machine-paths', path: 'docs/machine.md', text: mark('see `/wo', 'rk/main/README.md`\n') },
  { rule: 'no-machine-paths', path: 'docs/home.md', text: mark('key=/ho', 'me/anna/.ssh/id_ed25519\n') },
  {
    rule: 'no-private-keys',
    path: 'test/lab/key.pem',
    text: mark('-----BEG', 'IN PRIVATE KEY-----\nMC4CAQ\n'),
  },
];
