export interface Terraform {
  readonly program: string;
  /** The root module. */
  readonly directory: string;
  readonly varFile: string | null;
  readonly pluginDirectory: string | null;
}

function argv({ program, directory }: Terraform, command: string, ...options: readonly string[]): string[] {
  return [program, `-chdir=${directory}`, command, ...options];
}

function variables({ varFile }: Terraform): string[] {
  return varFile === null ? [] : [`-var-file=${varFile}`];
}

/** Where its own files go, and that nobody is asked anything (Terraform 1.5–1.11, OpenTofu 1.6–1.9: "Environment Variables"). */
export function terraformEnvironment(dataDirectory: string): Record<string, string> {
  return { TF_DATA_DIR: dataDirectory, TF_IN_AUTOMATION: '1', TF_INPUT: '0', CHECKPOINT_DISABLE: '1' };
}

export function versionArgv({ program }: Pick<Terraform, 'program'>): string[] {
  return [program, 'version', '-json'];
}

/** Providers are those of the lock file, and come from the directory that is named or from where the user's own configuration says. */
export function initArgv(terraform: Terraform): string[] {
  const { pluginDirectory } = terraform;
  const from = pluginDirectory === null ? [] : [`-plugin-dir=${pluginDirectory}`];
  return argv(terraform, 'init', '-input=false', '-no-color', '-lockfile=readonly', ...from);
}

/** With a lock only where something is made of it. */
export function planArgv(terraform: Terraform, file: string, locks: boolean): string[] {
  const lock = locks ? ['-lock-timeout=30s'] : ['-lock=false'];
  return argv(terraform, 'plan', '-input=false', '-no-color', ...lock, ...variables(terraform), `-out=${file}`);
}

export function showArgv(terraform: Terraform, file: string, as: 'json' | 'text'): string[] {
  return argv(terraform, 'show', ...(as === 'json' ? ['-json'] : ['-no-color']), file);
}

/** One JSON object per line; a plan's file takes no variables. */
export function applyArgv(terraform: Terraform, file: string): string[] {
  return argv(terraform, 'apply', '-input=false', '-json', '-lock-timeout=30s', file);
}

export function outputArgv(terraform: Terraform): string[] {
  return argv(terraform, 'output', '-json', '-no-color');
}
