import type { Role } from './role.ts';

/** Who asks: the API key of an authenticated request. */
export interface Principal {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** Names of the servers that the key is for; null: every server. */
  readonly servers: readonly string[] | null;
}

/** Whether the key may know that the server exists. */
export function sees(principal: Principal, server: string): boolean {
  return principal.servers === null || principal.servers.includes(server);
}
