import { parseArgs, type ParseArgsConfig } from 'node:util';

/** What a command was given, already checked for spelling. */
export interface Given {
  readonly positionals: readonly string[];
  one(option: string): string;
  maybe(option: string): string | undefined;
  many(option: string): readonly string[];
}

/** One sub-command as data: the usage text and the parser read it. */
export interface Command {
  /** Its words, e.g. `['keys', 'create']`. */
  readonly words: readonly string[];
  readonly positionals: readonly string[];
  /** Options by name with their placeholder; all of them take a value. */
  readonly options: Readonly<
    Record<string, { readonly value: string; readonly required?: true; readonly many?: true }>
  >;
  readonly says: string;
  /** Answers the exit status. */
  readonly run: (given: Given) => Promise<number> | number;
}

/** A mistake in the command line: shown with the usage. */
export class UsageError extends Error {}

/** Reads the arguments behind the command's words; throws UsageError. */
export function parseGiven(command: Command, argv: readonly string[]): Given {
  const { values, positionals } = parsed(command, argv);
  if (positionals.length !== command.positionals.length) {
    throw new UsageError(`expected ${command.positionals.join(' ') || 'no arguments'}, got ${positionals.length}`);
  }
  const maybe = (option: string): string | undefined => {
    const value = values[option];
    return typeof value === 'string' ? value : undefined;
  };
  for (const [name, { required }] of Object.entries(command.options)) {
    if (required === true && values[name] === undefined) throw new UsageError(`--${name} is missing`);
  }
  return {
    positionals,
    maybe,
    one(option) {
      const value = maybe(option);
      if (value === undefined) throw new UsageError(`--${option} is missing`);
      return value;
    },
    many(option) {
      const value = values[option];
      return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
    },
  };
}

export function usageOf(command: Command): string {
  const options = Object.entries(command.options).map(([name, { value, required, many }]) => {
    const text = `--${name} ${value}`;
    return required === true ? text : many === true ? `[${text}]…` : `[${text}]`;
  });
  return `barback-api ${[...command.words, ...command.positionals, ...options].join(' ')}`;
}

function parsed(
  command: Command,
  argv: readonly string[],
): { values: Record<string, unknown>; positionals: readonly string[] } {
  const options: NonNullable<ParseArgsConfig['options']> = {};
  for (const [name, { many }] of Object.entries(command.options)) {
    options[name] = { type: 'string', ...(many === true ? { multiple: true } : {}) };
  }
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
