/** The agent's version, as in its package.json; named in every receipt. */
export const agentVersion = '0.1.0';
