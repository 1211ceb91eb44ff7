export interface Newman {
  readonly program: string;
  readonly file: string;
  readonly environmentFile: string | null;
}

/** Only the report that has no requests and answers in it; nothing goes to the terminal (newman 6, "Options"). */
export function newmanArgv({ program, file, environmentFile }: Newman, report: string): string[] {
  return [
    program,
    'run',
    file,
    ...(environmentFile === null ? [] : ['--environment', environmentFile]),
    '--reporters',
    'junit',
    '--reporter-junit-export',
    report,
    '--timeout-request',
    '30000',
    '--disable-unicode',
    '--color',
    'off',
  ];
}

export interface Report {
  readonly assertions: number;
  readonly failed: readonly { readonly name: string; readonly message: string }[];
  readonly unanswered: number;
}

/** Attributes of an element; newman leaves `>` in values as it is. */
const attributes = String.raw`((?:[^">]|"[^"]*")*?)`;
const suite = new RegExp(`<testsuite ${attributes}>`, 'g');
const assertion = new RegExp(String.raw`<testcase ${attributes}(?:/>|>([\s\S]*?)</testcase>)`, 'g');
const failure = new RegExp(`<failure ${attributes}>`);

/**
 * What newman's JUnit reporter writes (6.2.2, lib/reporters/junit): a `testsuite` for each request, with the number of its `errors`
 * where there was no answer, a `testcase` for each assertion, with a `failure` where it failed. Throws an Error for anything else.
 */
export function parseReport(text: string): Report {
  if (!/^<\?xml [^>]*\?>\s*<testsuites /.test(text))
    throw new Error('newman has written no report in the format of JUnit');
  // What an application has said may look like anything.
  const tags = text.replaceAll(/<!\[CDATA\[[\s\S]*?\]\]>/g, '');
  const cases = [...tags.matchAll(assertion)];
  const failed = cases.flatMap(([, named = '', inner = '']) => {
    const found = failure.exec(inner)?.[1];
    return found === undefined ? [] : [{ name: attribute(named, 'name'), message: attribute(found, 'message') }];
  });
  const errors = [...tags.matchAll(suite)].map(([, of = '']) => Number(attribute(of, 'errors')));
  return { assertions: cases.length, failed, unanswered: errors.reduce((sum, one) => sum + one, 0) };
}

function attribute(text: string, name: string): string {
  const raw = new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(text)?.[1] ?? '';
  const named: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
  return raw.replaceAll(/&(lt|gt|quot|apos|amp);/g, (_, entity: string) => named[entity] ?? '').slice(0, 500);
}
