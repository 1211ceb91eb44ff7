import { verifyAudit } from '@barback/shared/audit/verify.ts';

/** Verifies an exported log as its reader would: line by line, with nothing but the export. */
export function verifyExport(text: string): ReturnType<typeof verifyAudit> {
  return verifyAudit(text.split('\n').filter((line) => line !== ''));
}
