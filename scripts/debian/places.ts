/** Where the project is mounted in a Debian tree. */
export const PROJECT_PLACE = '/srv/barback';

/** Where a test run in a Debian tree leaves its summary. */
export const SUMMARY_PLACE = '/var/tmp/barback-summary.json';
