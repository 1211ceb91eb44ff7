/** What a Markdown text says exists. */
export interface DocumentReferences {
  /** Paths from the repository's root; may be glob patterns. */
  readonly paths: readonly string[];
  /** Targets of relative links, without their `#anchor`. */
  readonly links: readonly string[];
  /** Names of package.json scripts. */
  readonly scripts: readonly string[];
}

// A path is recognised by the folder it begins with, in prose, in `code` and in fenced blocks alike.
const PATH = /(?<![\w/.@:-])(?:packages|test|scripts|docs|\.ci)\/[\w./*<>{},-]*/g;
const DOCUMENT = /(?<![\w/.-])[A-Z]{4,}\.md\b/g;
const LINK = /\]\((?<target>[^)\s]+)\)/g;
const SCRIPT = /\bnpm (?:run )?(?<name>(?<=run )[a-z][\w:-]*|test)\b/g;

/** Finds what `markdown` names; a `<placeholder>` in a path stands for any name. */
export function documentReferences(markdown: string): DocumentReferences {
  const paths = [...markdown.matchAll(PATH), ...markdown.matchAll(DOCUMENT)].map(([path]) =>
    path.replace(/[.,]+$/, '').replaceAll(/<[^>]*>/g, '*'),
  );
  const links = [...markdown.matchAll(LINK)]
    .map((match) => (match.groups?.['target'] ?? '').replace(/#.*$/, ''))
    .filter((target) => target !== '' && !/^[a-z]+:/.test(target));
  const scripts = [...markdown.matchAll(SCRIPT)].map((match) => match.groups?.['name'] ?? '');
  return { paths: [...new Set(paths)], links: [...new Set(links)], scripts: [...new Set(scripts)] };
}
