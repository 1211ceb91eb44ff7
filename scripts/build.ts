import { chmod, copyFile, cp, mkdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Where the parts of a build lie. */
export interface Programs {
  readonly node: string;
  readonly agent: string;
  readonly api: string;
}

/**
 * Bundles both programs into `out` with their own Node, so that they run as users who cannot read this checkout.
 * better-sqlite3 stays a package because of its native part; only this platform's is copied.
 */
export async function buildPrograms(out: string): Promise<Programs> {
  await mkdir(out, { recursive: true });
  const shared = {
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    // A runner starts for every job: less text is read sooner.
    minify: true,
    keepNames: true,
    logLevel: 'error',
    // Bundled CommonJS packages call require for Node's own modules.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
  } as const;
  const agent = path.join(out, 'agent.mjs');
  const api = path.join(out, 'api.mjs');
  const entry = (name: string): string[] => [path.join(root, 'packages', name, 'src/main.ts')];
  await Promise.all([
    build({ ...shared, entryPoints: entry('agent'), outfile: agent, external: ['pg-native'] }),
    // ssh2 asks where it lies, for a part that it has in itself.
    build({
      ...shared,
      entryPoints: entry('api'),
      outfile: api,
      external: ['better-sqlite3', 'cpu-features', './crypto/build/Release/sshcrypto.node'],
      define: { __dirname: 'import.meta.dirname' },
    }),
    copySqlite(out),
    cp(path.join(root, 'packages/api/drizzle'), path.join(out, 'drizzle'), { recursive: true }),
  ]);
  const node = path.join(out, 'node');
  await copyFile(process.execPath, node);
  await chmod(node, 0o755);
  return { node, agent, api };
}

async function copySqlite(out: string): Promise<void> {
  const from = await realpath(path.join(root, 'packages/api/node_modules/better-sqlite3'));
  const to = path.join(out, 'node_modules/better-sqlite3');
  await mkdir(path.join(to, 'prebuilds'), { recursive: true });
  const native = `prebuilds/linux-${process.arch}.node`;
  await Promise.all([
    copyFile(path.join(from, 'package.json'), path.join(to, 'package.json')),
    copyFile(path.join(from, native), path.join(to, native)),
    cp(path.join(from, 'lib'), path.join(to, 'lib'), { recursive: true }),
  ]);
}

if (import.meta.main) {
  const programs = await buildPrograms(path.join(root, 'dist'));
  process.stdout.write(`built ${programs.agent} and ${programs.api}\n`);
}
