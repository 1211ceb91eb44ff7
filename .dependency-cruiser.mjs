// Who may import whom. Type-only imports count: a type is a dependency of whoever must read it to understand the code.
// Every rule has a planted violation in test/guards/planted/ that must be reported.

const TESTS = '\\.test\\.ts$';
/** What several tests of a package share; nothing shipped reaches it, by a rule of its own. */
const TESTING = '^packages/[^/]+/src/.*/testing/';

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Modules in a cycle can only be understood, tested and changed together.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'must-resolve',
      comment: 'An import that cannot be resolved escapes every other rule here.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'agent-not-to-api',
      comment: 'They run on different machines and trust each other only through the contracts in shared.',
      severity: 'error',
      from: { path: '^packages/agent/' },
      to: { path: '^packages/api/' },
    },
    {
      name: 'api-not-to-agent',
      comment: 'They run on different machines and trust each other only through the contracts in shared.',
      severity: 'error',
      from: { path: '^packages/api/' },
      to: { path: '^packages/agent/' },
    },
    {
      name: 'shared-is-self-contained',
      comment: 'Shared is contracts and arithmetic, verified by third parties too: it may not reach for a machine.',
      severity: 'error',
      from: { path: '^packages/shared/', pathNot: TESTS },
      to: {
        pathNot:
          '^packages/shared/|/node_modules/(zod|jose|age-encryption|tar-stream)/|^(zod|jose|age-encryption|tar-stream)(/|$)|^(node:)?crypto$',
      },
    },
    {
      name: 'agent-spawns-in-system-only',
      comment: 'One place decides user, environment, group, time limit and output bounds of every process.',
      severity: 'error',
      from: { path: '^packages/agent/src/', pathNot: ['^packages/agent/src/system/', TESTS] },
      to: { path: '^(node:)?(child_process|cluster|worker_threads)$' },
    },
    {
      name: 'agent-touches-files-in-system-only',
      comment:
        'Atomic writes, fsync order and bounded reads exist once. config.ts reads one file before anything runs.',
      severity: 'error',
      from: {
        path: '^packages/agent/src/',
        pathNot: ['^packages/agent/src/system/', '^packages/agent/src/config\\.ts$', TESTS],
      },
      to: { path: '^(node:)?fs(/promises)?$' },
    },
    {
      name: 'agent-rules-are-pure',
      comment:
        'What Barman and PostgreSQL say is parsed, and argv is built, by functions that a test can call with text.',
      severity: 'error',
      from: { path: '^packages/agent/src/(barman|mirror|pgbouncer|postgres|postman|provision)/', pathNot: TESTS },
      to: {
        pathNot:
          '^packages/agent/src/(barman|mirror|pgbouncer|postgres|postman|provision)/|^packages/shared/|/node_modules/zod/',
      },
    },
    {
      name: 'api-never-spawns',
      comment: 'Whatever spawns is an operation of an agent; the api holds the keys of every server and runs nothing.',
      severity: 'error',
      from: { path: '^packages/api/', pathNot: TESTS },
      to: { path: '^(node:)?(child_process|cluster)$' },
    },
    {
      name: 'decisions-are-pure',
      comment: 'A plan and the next step of a run depend on facts and recorded attempts only, so both can be replayed.',
      severity: 'error',
      from: { path: '^packages/api/src/(engine/decide\\.ts$|scenarios/)', pathNot: TESTS },
      to: {
        pathNot:
          '^packages/shared/|^packages/api/src/(engine/(decide|[a-z-]*types|step|attempt|decision)\\.ts$|scenarios/)|/node_modules/zod/',
      },
    },
    {
      name: 'routes-do-not-query',
      comment: 'A route reads a request and answers it; what is stored is known to db/, audit/ and engine/ only.',
      severity: 'error',
      from: { path: '^packages/api/src/routes/', pathNot: TESTS },
      to: { path: '/node_modules/(drizzle-orm|better-sqlite3)/' },
    },
    {
      name: 'nobody-imports-a-main',
      comment: 'A main.ts acts when it is loaded.',
      severity: 'error',
      from: {},
      to: { path: '(^|/)main\\.ts$' },
    },
    {
      name: 'packages-not-to-test-or-scripts',
      comment: 'What is shipped cannot need what is not.',
      severity: 'error',
      from: { path: '^packages/' },
      to: { path: '^(test|scripts)/' },
    },
    {
      name: 'shipped-code-uses-dependencies',
      comment: 'A development dependency, or one of another package, is absent where the package is installed.',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/', pathNot: [TESTS, TESTING] },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'only-tests-import-tests',
      comment: 'A test imported by other code runs twice or ships.',
      severity: 'error',
      from: { pathNot: TESTS },
      to: { path: TESTS },
    },
    {
      name: 'only-tests-import-testing',
      comment: 'What tests share may need what is not shipped.',
      severity: 'error',
      from: { pathNot: [TESTS, TESTING, '^test/'] },
      to: { path: TESTING },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    combinedDependencies: false,
    doNotFollow: { path: 'node_modules' },
    // Anchored: nearly every third-party module lives in a dist/ of its own, and must not escape the rules by it.
    exclude: { path: '^(packages|scripts|test)/.*/(dist|coverage|fixtures)/|^packages/api/drizzle/' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node', 'default'] },
  },
};
