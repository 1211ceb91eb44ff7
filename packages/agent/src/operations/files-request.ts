import { z } from 'zod';

/** What a child that reads files is told on standard input. */
export const filesRequestSchema = z.strictObject({
  /** The user whose rights the child takes before it reads; null keeps its own. */
  drop: z.strictObject({ name: z.string(), uid: z.int(), gid: z.int() }).nullable(),
  wanted: z.array(z.strictObject({ path: z.string(), startingWith: z.array(z.string()).optional() })),
  fileBytesMax: z.int().positive(),
  filesMax: z.int().positive(),
});

export type FilesRequest = z.infer<typeof filesRequestSchema>;

/** What it answers on standard output; contents as base64. */
export const filesAnswerSchema = z.strictObject({
  files: z.array(z.strictObject({ path: z.string(), uid: z.int(), gid: z.int(), mode: z.int(), content: z.base64() })),
  unread: z.array(z.strictObject({ path: z.string(), why: z.enum(['unreadable', 'too-large', 'too-many']) })),
});

export type FilesAnswer = z.infer<typeof filesAnswerSchema>;
