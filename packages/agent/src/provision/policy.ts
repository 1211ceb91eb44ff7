export interface Policy {
  /** Addresses that may be deleted or replaced; `*` stands for anything. */
  readonly mayReplace: readonly string[];
  readonly never: readonly string[];
}

export interface ResourceChange {
  readonly address: string;
  readonly type: string;
  readonly actions: readonly string[];
}

/** What holds data, or is what others know a host by: volumes, boxes, buckets, snapshots, addresses, names (by the words of their types). */
const keeps =
  /(^|_)(volume|disk|storage|box|bucket|snapshot|image|database|address|ip|eip|ipv4|ipv6|rdns|record|zone|dns)s?(_|$)/;

const known: readonly string[] = ['no-op', 'read', 'create', 'update', 'delete'];

/** Why a change must not be made; null: it may. Pure. */
export function objectionTo({ address, type, actions }: ResourceChange, policy: Policy): string | null {
  const unknown = actions.find((one) => !known.includes(one));
  if (unknown !== undefined) return `what "${unknown}" does is not known`;
  if (!actions.includes('delete')) return null;
  const verb = actions.includes('create') ? 'replaced' : 'deleted';
  if (keeps.test(type)) return `a ${type} is never ${verb}`;
  if (policy.never.some((pattern) => matches(pattern, address)))
    return `the configuration says that it is never ${verb}`;
  if (policy.mayReplace.some((pattern) => matches(pattern, address))) return null;
  return `it would be ${verb}, and mayReplace does not name it`;
}

function matches(pattern: string, address: string): boolean {
  const literal = pattern.split('*').map((part) => part.replaceAll(/[.[\]"]/g, String.raw`\$&`));
  return new RegExp(`^${literal.join('.*')}$`).test(address);
}
