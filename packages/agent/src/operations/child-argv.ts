import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** How to start a child of our own program. In the sources main.ts lies beside this folder; in a bundle this file is the bundle itself. */
export function childArgv(command: 'files' | 'query' | 'wal'): string[] {
  return [...ownArgv(), command];
}

/** What a person types for a sub-command of this very program, with the configuration that it was started with. */
export function typedLine(words: string): string {
  return `${ownArgv().join(' ')} ${words} --config ${configurationFile()}`;
}

/** Of the agent, as it was started with. */
export function configurationFile(): string {
  const config = process.argv[process.argv.indexOf('--config') + 1];
  return process.argv.includes('--config') && config !== undefined ? config : '/etc/barback/agent.yaml';
}

function ownArgv(): string[] {
  const here = fileURLToPath(import.meta.url);
  const program = here.endsWith('.ts') ? path.join(path.dirname(here), '..', 'main.ts') : here;
  return [process.execPath, program];
}
