import { z } from 'zod';

const changeSchema = z.looseObject({ actions: z.array(z.string()).min(1) });

/** What is read of `show -json` of a plan (format 1.x of Terraform 1.5–1.11 and OpenTofu 1.6–1.9: "JSON Output Format"). */
export const planJsonSchema = z.looseObject({
  format_version: z.string().regex(/^1\.\d+$/),
  resource_changes: z
    .array(z.looseObject({ address: z.string(), mode: z.string(), type: z.string(), change: changeSchema }))
    .default([]),
  /** What the refresh found to be otherwise than the state has it. */
  resource_drift: z.array(z.looseObject({ address: z.string(), change: changeSchema })).default([]),
  output_changes: z.record(z.string(), changeSchema).default({}),
});

export type PlanJson = z.infer<typeof planJsonSchema>;

/** Resources that the plan does something to; what is only read is none. Pure. */
export function resourceChanges({ resource_changes: all }: PlanJson) {
  const isNothing = (actions: readonly string[]) => actions.every((one) => one === 'no-op' || one === 'read');
  return all
    .filter(({ change }) => !isNothing(change.actions))
    .map(({ address, type, change }) => ({ address, type, actions: change.actions }));
}

/** Resources that the provider has no more: then they are gone, whatever else is not known of them. Pure. */
export function goneResources({ resource_drift: drift }: PlanJson): string[] {
  return drift.filter(({ change }) => change.actions.includes('delete')).map(({ address }) => address);
}

/**
 * Every change with its values, the same text for the same changes: what a plan is told from another one by. It holds secrets, and leaves this
 * program only as its SHA-256. Pure.
 */
export function canonicalChanges({ resource_changes: resources, output_changes: outputs }: PlanJson): string {
  const changed = resources.filter(({ change }) => change.actions.some((one) => one !== 'no-op' && one !== 'read'));
  return sorted({ resources: changed.toSorted((a, b) => a.address.localeCompare(b.address, 'en')), outputs });
}

function sorted(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
