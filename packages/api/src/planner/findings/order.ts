import type { Finding } from '../plan-document.ts';

const order: readonly Finding['severity'][] = ['blocking', 'confirm', 'warning', 'info'];

/** Blocking findings first. */
export function inOrder<F extends Pick<Finding, 'severity'>>(findings: readonly F[]): readonly F[] {
  return findings.toSorted((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
}
