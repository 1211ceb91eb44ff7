/** What a refused or failed probe means to the person who wrote it; the SQLSTATE decides (PostgreSQL, appendix A). */
export function explainQueryError(sqlState: string, message: string): string {
  const said = `${message} (SQLSTATE ${sqlState})`;
  switch (sqlState) {
    case '42601':
      return /multiple commands/.test(message)
        ? `refused: a probe is exactly one statement: ${said}`
        : `refused: a probe is one SELECT, VALUES, TABLE or WITH query: ${said}`;
    case '25006':
      return `refused: a probe cannot write: ${said}`;
    case '0A000':
      return `refused: a probe cannot change data: ${said}`;
    case '42501':
      return `refused: the probe role lacks the right: ${said}`;
    case '55P03':
      return `blocked: the table is locked, probably by the transaction that is being undone: ${said}`;
    case '57014':
      return `time limit: the query took too long: ${said}`;
    default:
      return said;
  }
}
