import { z } from 'zod';

/** An entry of a collection (schema v2.1): a request, or a folder of others. */
const itemSchema: z.ZodType<Item> = z.lazy(() =>
  z.looseObject({ request: z.unknown().optional(), item: z.array(itemSchema).optional() }),
);

interface Item {
  readonly request?: unknown;
  readonly item?: readonly Item[] | undefined;
}

export const collectionSchema = z.looseObject({
  info: z.looseObject({
    schema: z.string().regex(/\/collection\/v2\.[01]\.\d+\//, 'expected a collection of the format v2.0 or v2.1'),
  }),
  item: z.array(itemSchema),
});

/** How many requests a collection has, in whatever folder. Pure. */
export function requestsOf({ item = [] }: Pick<Item, 'item'>): number {
  return item.reduce((sum, one) => sum + (one.request === undefined ? 0 : 1) + requestsOf(one), 0);
}
