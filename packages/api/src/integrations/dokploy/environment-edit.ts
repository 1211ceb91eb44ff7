import { parse } from 'dotenv';
import type { DatabaseAddress } from '../../scenarios/address.ts';

export type EnvironmentEdit =
  | { readonly is: 'changed'; readonly text: string }
  /** It has that address already. */
  | { readonly is: 'same' }
  | { readonly is: 'refused'; readonly reason: string; readonly next: string };

/**
 * The text of an environment in which one variable names a database at another address: a URL, of JDBC too, or a bare host. Every other byte
 * stays, and what dotenv reads of it (16.4.5, as Dokploy does) differs in that variable alone. Whatever is not clear is refused. Pure.
 */
export function withAddress(text: string, variable: string, address: DatabaseAddress): EnvironmentEdit {
  const places = [...text.matchAll(assignments(variable))];
  const [place] = places;
  if (place === undefined) {
    return refused(`${variable} is not in it`, 'It may come from the image, a file, or the project: change it there.');
  }
  if (places.length > 1) {
    return refused(
      `${variable} is in it ${places.length} times`,
      'Leave one of them: which one counts is easily mistaken.',
    );
  }
  const before = parse(text);
  const value = before[variable];
  if (value === undefined) return refused(`${variable} cannot be read`, 'Look at its line in Dokploy.');
  if (value.includes('${{')) {
    return refused(
      `${variable} is a template of Dokploy`,
      'Change the variable of the project or environment that it names.',
    );
  }
  const found = addressIn(value);
  if (typeof found === 'string')
    return refused(`${variable} ${found}`, 'Change it by hand, and leave databaseVariable out.');
  const authority = `${address.host}:${address.port ?? found.port ?? ''}`.replace(/:$/, '');
  if (authority === found.authority) return { is: 'same' };
  const at = text.indexOf(found.authority, place.index + place[0].length);
  if (at === -1) return refused(`${variable} is written with escapes`, 'Change it by hand.');
  const changed = text.slice(0, at) + authority + text.slice(at + found.authority.length);
  const wanted = value.replace(found.authority, () => authority);
  if (!differsOnly(before, parse(changed), { variable, wanted })) {
    return refused(`${variable} cannot be changed without changing something else`, 'Change it by hand.');
  }
  return { is: 'changed', text: changed };
}

function assignments(variable: string): RegExp {
  return new RegExp(`^[ \\t]*(?:export[ \\t]+)?${variable}(?:[ \\t]*=|:[ \\t]+)`, 'gm');
}

interface Found {
  /** Host, and port where there is one, as they are written. */
  readonly authority: string;
  readonly port: string | undefined;
}

/** A string says what is wrong. */
function addressIn(value: string): Found | string {
  const [, inUrl] = /^(?:jdbc:)?postgres(?:ql)?:\/\/(?:[^@/\s]*@)?([^/?\s]+)/.exec(value) ?? [];
  const authority = inUrl ?? (/^[A-Za-z0-9.-]+(?::\d+)?$/.test(value) ? value : undefined);
  if (authority === undefined) return 'is neither a URL of PostgreSQL nor a host';
  if (authority.includes(',')) return 'names several hosts';
  const [, , port] = /^(\[[^\]]+\]|[^:]+)(?::(\d+))?$/.exec(authority) ?? [];
  return { authority, port };
}

function differsOnly(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
  { variable, wanted }: { readonly variable: string; readonly wanted: string },
): boolean {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].every((name) => after[name] === (name === variable ? wanted : before[name]));
}

function refused(reason: string, next: string): EnvironmentEdit {
  return { is: 'refused', reason, next };
}
