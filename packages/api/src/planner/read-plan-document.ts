import { planDocumentSchema, type PlanDocument } from './plan-document.ts';

/** Reads a frozen plan, those of earlier versions too: what they do not say is unknown. Up to format 2 every plan was a drill. */
export function readPlanDocument(text: string): PlanDocument {
  const value = JSON.parse(text) as Record<string, unknown>;
  return planDocumentSchema.parse(value['format'] === 1 ? fromFirstFormat(value) : value);
}

/** Before the commit index: no exact stop, one prediction for the whole, no basis to compare with. */
function fromFirstFormat(value: Record<string, unknown>): Record<string, unknown> {
  const { scratchBytes, walBytes, seconds } = value['predictions'] as Record<string, number | null>;
  const whole = seconds === null || seconds === undefined ? null : { median: seconds, min: seconds, max: seconds };
  const predictions = { scratchBytes, walBytes, seconds: whole, steps: [], outageSeconds: 0, lost: null, undo: '' };
  const backup = { systemIdentifier: null, ...(value['backup'] as object) };
  return { ...value, stop: null, basis: null, predictions, backup };
}
