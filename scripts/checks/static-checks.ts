import { checkText, describeViolation } from '../structure/check-text.ts';
import { runNodeTool, type ToolResult } from './run-tool.ts';
import { tools } from './tools.ts';

/** A check that needs neither PostgreSQL nor Barman. */
export interface StaticCheck {
  readonly name: string;
  readonly run: () => Promise<ToolResult>;
}

/** In the order in which they are reported. */
export const staticChecks: readonly StaticCheck[] = [
  { name: 'format', run: () => runNodeTool(tools.format) },
  { name: 'lint', run: () => runNodeTool(tools.lint) },
  { name: 'types', run: () => runNodeTool(tools.types) },
  { name: 'structure: imports', run: () => runNodeTool(tools.imports) },
  { name: 'structure: nothing unused', run: () => runNodeTool(tools.unused) },
  { name: 'structure: names and words', run: text },
];

async function text(): Promise<ToolResult> {
  const violations = checkText();
  return { code: violations.length === 0 ? 0 : 1, output: violations.map(describeViolation).join('\n') };
}
