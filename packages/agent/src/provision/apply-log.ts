import { z } from 'zod';

const lineSchema = z.looseObject({
  type: z.string(),
  '@level': z.string().optional(),
  hook: z.looseObject({ resource: z.looseObject({ addr: z.string() }).optional() }).optional(),
  diagnostic: z.looseObject({ severity: z.string(), summary: z.string(), address: z.string().optional() }).optional(),
  changes: z
    .looseObject({ add: z.int(), change: z.int(), remove: z.int(), operation: z.string().optional() })
    .optional(),
});

/** What `apply -json` has said so far (Terraform 1.5–1.11, "Machine-Readable UI"); lines of provisioners are not kept, they may say secrets. */
export class ApplyLog {
  applied = 0;
  summary: { readonly add: number; readonly change: number; readonly remove: number } | null = null;
  readonly errors: string[] = [];
  private rest = '';

  add(chunk: string): void {
    const lines = (this.rest + chunk).split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) this.line(line);
  }

  private line(text: string): void {
    const parsed = parse(text);
    if (parsed === null) return;
    const { type, diagnostic, changes } = parsed;
    if (type === 'apply_complete') this.applied += 1;
    if (type === 'change_summary' && changes?.operation === 'apply') {
      const { add, change, remove } = changes;
      this.summary = { add, change, remove };
    }
    if (diagnostic?.severity === 'error') {
      this.errors.push([diagnostic.address, diagnostic.summary].filter((one) => one !== undefined).join(': '));
    }
  }
}

function parse(text: string): z.infer<typeof lineSchema> | null {
  if (!text.startsWith('{')) return null;
  try {
    return lineSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
