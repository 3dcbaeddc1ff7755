/** What reads. Everything else that PostgreSQL understands changes data, the session, or who one is. */
const READING = new Set(['select', 'with', 'values', 'table', 'show', 'explain']);

/** Whether a statement begins as one that reads, comments and brackets aside. */
export function isReading(sql: string): boolean {
  const word = /^[a-z]+/i.exec(sql.slice(firstWordAt(sql)))?.[0].toLowerCase() ?? '';
  return READING.has(word);
}

function firstWordAt(sql: string): number {
  let at = 0;
  for (;;) {
    const char = sql[at];
    if (char !== undefined && /[\s(]/.test(char)) at += 1;
    else if (sql.startsWith('--', at)) at = endOfLine(sql, at);
    else if (sql.startsWith('/*', at)) at = endOfComment(sql, at);
    else return at;
  }
}

function endOfLine(sql: string, from: number): number {
  const found = sql.slice(from).search(/[\r\n]/);
  return found === -1 ? sql.length : from + found;
}

/** Comments nest in PostgreSQL. */
function endOfComment(sql: string, from: number): number {
  let depth = 0;
  let at = from;
  while (at < sql.length) {
    if (sql.startsWith('/*', at)) depth += 1;
    else if (sql.startsWith('*/', at)) depth -= 1;
    else {
      at += 1;
      continue;
    }
    at += 2;
    if (depth === 0) return at;
  }
  return sql.length;
}
