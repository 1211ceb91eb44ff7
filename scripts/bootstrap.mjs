// Starts everything else: checks the system's Node, installs what is missing, and hands over to the Node in node_modules.
// Old syntax on purpose (no `?.`, no `node:` imports): a Node too old for Barback must still be able to read this and say so.
import { spawn, spawnSync } from 'child_process';
import { createHash } from 'crypto';
import { existsSync, readFileSync, writeFileSync } from 'fs';
import { constants } from 'os';
import { delimiter, dirname, join, resolve } from 'path';
import { fileURLToPath } from 'url';

const OLDEST_NODE = 20;
const PNPM = 'pnpm@12.21.0';
const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const MODULES = join(ROOT, 'node_modules');
const STAMP = join(MODULES, '.barback-installed');

function stop(message) {
  process.stderr.write(message + '\n');
  process.exit(1);
}

function refuseOldNode() {
  if (Number(process.versions.node.split('.')[0]) >= OLDEST_NODE) return;
  stop(
    'Barback needs Node ' +
      OLDEST_NODE +
      ' or newer; this is ' +
      process.version +
      ' (' +
      process.execPath +
      ').\n' +
      'On Debian: 12 has Node 18 and 13 has Node 20, so on 13 `apt install nodejs npm`; on 12 install the nodejs package of\n' +
      'https://github.com/nodesource/distributions or unpack an archive from https://nodejs.org/en/download and put its bin/ first in PATH.',
  );
}

/** What the installed modules depend on: if any of it changes, they are installed again. */
function installedFor() {
  const hash = createHash('sha256');
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml']) hash.update(readFileSync(join(ROOT, file)));
  return hash.update(process.platform + '-' + process.arch).digest('hex') + '\n';
}

function childEnvironment() {
  const env = Object.assign({}, process.env);
  // `npm --silent` must not also silence the reason why an installation failed.
  delete env.npm_config_loglevel;
  return env;
}

function install() {
  const wanted = installedFor();
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) return;
  process.stderr.write('installing dependencies (once, and again when pnpm-lock.yaml changes) …\n');
  const args = ['--yes', PNPM, 'install', '--frozen-lockfile'];
  // CI=1: pnpm must never ask a question nobody is there to answer.
  const env = Object.assign(childEnvironment(), { CI: '1' });
  const done = spawnSync('npx', args, {
    cwd: ROOT,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 26,
  });
  if (done.error || done.status !== 0) {
    process.stderr.write((done.stdout || '') + (done.stderr || ''));
    const why = done.error ? done.error.message : 'it ended with ' + (done.signal || 'exit code ' + done.status);
    stop('cannot install the dependencies with `npx ' + args.join(' ') + '` in ' + ROOT + ': ' + why + '.');
  }
  writeFileSync(STAMP, wanted);
}

function ownNode() {
  if (process.platform !== 'linux' || (process.arch !== 'x64' && process.arch !== 'arm64')) {
    stop('Barback runs on Linux on x64 or arm64; this is ' + process.platform + ' on ' + process.arch + '.');
  }
  const node = join(MODULES, 'node-linux-' + process.arch, 'bin', 'node');
  if (!existsSync(node)) {
    stop(
      'cannot find ' +
        node +
        ': remove ' +
        MODULES +
        ' and run this again, so that the optional dependencies are installed.',
    );
  }
  return node;
}

function handOver(command, args, node) {
  const env = childEnvironment();
  env.PATH = dirname(node) + delimiter + (env.PATH || '');
  const child = spawn(command, args, { stdio: 'inherit', env });
  // A terminal sends Ctrl-C to the whole foreground group itself; forwarding it would count as pressing it twice.
  process.on('SIGINT', () => {
    if (!process.stdin.isTTY) child.kill('SIGINT');
  });
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  process.on('SIGHUP', () => child.kill('SIGHUP'));
  child.on('error', (error) => stop('cannot start ' + command + ': ' + error.message + '.'));
  child.on('exit', (code, signal) => process.exit(code === null ? 128 + constants.signals[signal] : code));
}

function main() {
  refuseOldNode();
  const [mode, what] = process.argv.slice(2);
  const args = process.argv.slice(4);
  if ((mode !== 'run' && mode !== 'exec') || what === undefined) {
    stop(
      'usage: node scripts/bootstrap.mjs run FILE.ts [arguments]\n       node scripts/bootstrap.mjs exec TOOL [arguments]',
    );
  }
  const file = mode === 'run' ? resolve(ROOT, what) : join(MODULES, '.bin', what);
  if (mode === 'run' && !existsSync(file)) stop('cannot run ' + what + ': there is no such file in ' + ROOT + '.');
  install();
  const node = ownNode();
  if (mode === 'run') handOver(node, [file].concat(args), node);
  else if (existsSync(file)) handOver(file, args, node);
  else stop('cannot run ' + what + ': there is no such tool in ' + dirname(file) + '.');
}

main();
