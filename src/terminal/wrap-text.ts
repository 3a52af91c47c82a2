const widest = 100;

/**
 * Breaks text between words into lines of at most `columns`, and never more than 100. If the number is unknown
 * (`undefined`, or 0 of a terminal without a size), it is 100. Each line begins with `indent`.
 */
export function wrapText(text: string, columns: number | undefined, indent: string): string {
  const width = Math.min(columns || widest, widest) - indent.length;
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  lines.push(line);
  return lines.map((each) => indent + each).join('\n');
}
