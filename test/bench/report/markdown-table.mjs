/** A table; prettier, which formats the whole README, aligns its columns. */
export const markdownTable = ([head, ...rows]) => [head, head.map(() => '---'), ...rows].map(line).join('\n');

const line = (cells) => `| ${cells.join(' | ')} |`;
