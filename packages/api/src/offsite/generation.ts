import type { LogHead } from '../audit/append-event.ts';
import { z } from 'zod';

export const generationSchema = z
  .strictObject({
    format: z.literal(1),
    log: z.string(),
    /** The newest event of the copy, and its leaf hash. */
    seq: z.int().nonnegative(),
    leaf: z.string(),
    /** RFC 3339 UTC. */
    at: z.string(),
    instanceId: z.string(),
    /** Bytes and SHA-256 of the compressed copy. */
    bytes: z.int(),
    sha256: z.string(),
    /** Whether what opens agents and services is there too, encrypted. */
    sealed: z.boolean(),
    /** Files with secrets that are not: nobody could open them, or they cannot be read. */
    leftOut: z.array(z.string()),
  })
  .meta({ id: 'DatabaseCopy' });

/** One copy on the box; written after everything that it names. */
export type Generation = z.infer<typeof generationSchema>;

const generationsKept = 3;

/** Names of the parts of a generation, beside each other. */
export function generationFiles(seq: number) {
  const stem = `api-${String(seq).padStart(12, '0')}`;
  return {
    copy: `${stem}.db.gz`,
    configuration: `${stem}.yaml`,
    sealed: `${stem}.secrets.tar.age`,
    about: `${stem}.json`,
  };
}

/** Undefined when it is none, or one of a later format. */
export function parseGeneration(text: string): Generation | undefined {
  try {
    return generationSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Numbers of the complete generations among the names of a directory, newest first. */
export function generationsIn(names: readonly string[]): readonly number[] {
  const found = names.flatMap((name) => /^api-(\d{12})\.json$/.exec(name)?.[1] ?? []);
  return found.map(Number).toSorted((a, b) => b - a);
}

/** What is left of generations that are not kept any more, and of copies that were cut off. */
export function namesToRemove(names: readonly string[]): readonly string[] {
  const kept = generationsIn(names).slice(0, generationsKept);
  const isKept = (name: string): boolean => kept.some((seq) => Object.values(generationFiles(seq)).includes(name));
  return names.filter((name) => /^api-\d{12}\./.test(name) && !isKept(name));
}

export type MayPush =
  | { readonly is: 'new' }
  /** Nothing has happened since. */
  | { readonly is: 'same' }
  | { readonly is: 'refused'; readonly why: string };

/** A copy never takes the place of one that knows more: whoever was restored from an old one would wipe out the rest. Pure. */
export function mayPush(
  theirs: Pick<Generation, 'seq' | 'leaf'> | undefined,
  ours: Pick<LogHead, 'seq' | 'leaf'>,
  leafAt: (seq: number) => string | undefined,
): MayPush {
  if (theirs === undefined) return { is: 'new' };
  if (theirs.seq > ours.seq) {
    return {
      is: 'refused',
      why: `the box has a copy with ${theirs.seq - ours.seq} more events: this database is older than it, or another api goes on with the same log`,
    };
  }
  if (leafAt(theirs.seq) !== theirs.leaf) {
    return {
      is: 'refused',
      why: `event ${theirs.seq} of the copy on the box is another one than here: two databases go on with the same log`,
    };
  }
  return { is: theirs.seq === ours.seq ? 'same' : 'new' };
}
