import { absolutePathSchema } from '@barback/shared/wire/absolute-path.ts';
import { z } from 'zod';

export const loopback = /^(127(\.\d{1,3}){3}|localhost)$/;

const importedInto = {
  /** The last day on which the source is what it is said to be. */
  validUntil: z.iso.date().optional(),
  into: z.strictObject({
    /** The database of this server that is replaced. */
    database: z.string().min(1).max(63),
    /** LOGIN role without superuser that loads, and that everything belongs to then. */
    role: z.string().min(1).max(63),
    /** Directory of a socket, or this machine, where the role gets in; the socket of live when left out. */
    host: z
      .union([absolutePathSchema, z.string().regex(loopback, 'write a directory, or an address of this machine')])
      .optional(),
    passwordFile: absolutePathSchema.optional(),
  }),
};

/** A plain SQL dump, in a file of this host. */
const plainImportSchema = z.strictObject({ file: absolutePathSchema, ...importedInto });

/** A database elsewhere that one of this server can be replaced with the contents of. */
const standbyImportSchema = z
  .strictObject({
    host: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$/, 'write the name of a host'),
    port: z.int().min(1).max(65_535).default(5432),
    database: z.string().min(1).max(63),
    role: z.string().min(1).max(63),
    /** As .pgpass, readable by Barman's user alone. */
    passwordFile: absolutePathSchema.optional(),
    /** Certificates that the host must prove itself with. */
    caFile: absolutePathSchema.optional(),
    ...importedInto,
  })
  .refine(({ host, caFile }) => loopback.test(host) || caFile !== undefined, {
    path: ['caFile'],
    message: 'name the certificates that another host must prove itself with',
  });

export const importSchema = z.union([plainImportSchema, standbyImportSchema]);

export type PlainImportConfig = z.infer<typeof plainImportSchema>;
export type StandbyImportConfig = z.infer<typeof standbyImportSchema>;
