/** One place where a file breaks a rule that no linter knows. */
export interface TextViolation {
  readonly rule: string;
  readonly path: string;
  /** 1 for the first; 0 when the path itself is at fault. */
  readonly line: number;
  readonly advice: string;
}

interface TextRule {
  readonly name: string;
  readonly advice: string;
  readonly paths: RegExp;
  readonly forbidden: RegExp;
}

const SOURCE = /\.(ts|mjs)$/;

const PATH_RULES: readonly TextRule[] = [
  {
    name: 'says-what-it-is',
    advice: 'a file with this name collects what belongs elsewhere: name it after its main export',
    paths: SOURCE,
    forbidden: /(^|[-./])(utils?|helpers?|common|managers?|services?|misc)([-./]|$)/,
  },
];

// Written with [brackets] so that this file does not match itself.
const LINE_RULES: readonly TextRule[] = [
  {
    name: 'no-shell',
    advice: 'a shell turns data into commands: spawn an argv array without the shell option',
    paths: /\.ts$/,
    forbidden: /\bshell['"]?:\s*(?!false\b|string\b)\S/,
  },
  {
    name: 'no-unexplained-suppression',
    advice: 'say after ` -- ` why the rule is wrong here',
    paths: SOURCE,
    forbidden: /(oxlint|eslint)-disable(?!.* -- \S)/,
  },
  {
    name: 'no-marks-of-unfinished-work',
    advice: 'finish it, or describe it where work is planned',
    paths: /./,
    forbidden: /\b(TO[D]O|FIX[M]E|XX[X])\b/,
  },
  {
    name: 'no-machine-paths',
    advice: 'this path exists on one machine only',
    paths: /./,
    forbidden: /(^|[\s'"`(=:])\/(wor[k]|roo[t]|hom[e]\/[a-z]+)\//,
  },
  {
    name: 'no-private-keys',
    advice: 'generate it where it is needed, and revoke this one',
    paths: /./,
    forbidden: /-----BEGI[N] ([A-Z0-9]+ )*PRIVATE KEY-----/,
  },
];

/** Everything wrong with one file's path and text. */
export function textViolations(path: string, text: string): TextViolation[] {
  const found: TextViolation[] = [];
  for (const { name, advice, paths, forbidden } of PATH_RULES) {
    if (paths.test(path) && forbidden.test(path)) found.push({ rule: name, path, line: 0, advice });
  }
  const rules = LINE_RULES.filter((rule) => rule.paths.test(path));
  for (const [index, line] of text.split('\n').entries()) {
    for (const { name, advice, forbidden } of rules) {
      if (forbidden.test(line)) found.push({ rule: name, path, line: index + 1, advice });
    }
  }
  return found;
}
