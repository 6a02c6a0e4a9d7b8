/** Rows below their heads, columns as wide as their widest cell. */
export function table(heads: readonly string[], rows: ReadonlyArray<readonly string[]>): string[] {
  const all = [heads, ...rows];
  const widths = heads.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  return all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd(),
  );
}
