/** What a person may do with the api; each route names one. */
export const capabilities = ['read', 'operate', 'approve', 'administer', 'enrol'] as const;

export type Capability = (typeof capabilities)[number];

/** Of people and their scripts. */
export const personRoles = ['viewer', 'operator', 'approver', 'admin'] as const;

/** And of a new host, whose key works once. */
export const roles = [...personRoles, 'enroller'] as const;

export type Role = (typeof roles)[number];

const granted: Record<Role, readonly Capability[]> = {
  viewer: ['read'],
  operator: ['read', 'operate'],
  approver: ['read', 'approve'],
  admin: ['read', 'operate', 'approve', 'administer'],
  enroller: ['enrol'],
};

export function may(role: Role, capability: Capability): boolean {
  return granted[role].includes(capability);
}

/** The roles that have a capability, for messages. */
export function rolesWith(capability: Capability): readonly Role[] {
  return roles.filter((role) => may(role, capability));
}
