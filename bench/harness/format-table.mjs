/** A Markdown table that can be read as it stands, too. */
export function formatTable(header, rows) {
  const widths = header.map((title, column) => Math.max(3, ...[title, ...rows.map((row) => row[column])].map(widthOf)));
  const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  return [line(header), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

function widthOf(text) {
  return [...text].length;
}
