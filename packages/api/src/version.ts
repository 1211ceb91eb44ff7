/** As package.json has it: bundles carry no package.json. */
export const apiVersion = '0.1.0';
