const esc = '\u001b';
const piece = new RegExp(`${esc}\\[(\\d*)([A-Za-z])|[\\r\\n]|[^\\r\\n${esc}]`, 'gy');

/**
 * Returns the lines that a terminal shows after `output`. It knows the output of these programs – text, colors, going up, erasing
 * to the end of the line and of the screen – and throws at anything else.
 */
export function screenAfter(output) {
  const rows = [[]];
  let row = 0;
  let column = 0;
  for (const { text, count, command } of piecesOf(output)) {
    if (text === '\r') column = 0;
    else if (text === '\n') rows[++row] ??= [];
    else if (command === undefined) rows[row][column++] = text;
    else if (command === 'A') row = Math.max(0, row - count);
    else if (command === 'K' || command === 'J') {
      rows[row].length = Math.min(column, rows[row].length);
      if (command === 'J') rows.length = row + 1;
    } else if (command !== 'm') throw new Error(`not known: ${JSON.stringify(text)}`);
  }
  return rows.map((cells) => Array.from(cells, (cell) => cell ?? ' ').join(''));
}

/** The letters of the control sequences in an output: `m` for a color, `A`, `J` and `K` for drawing. */
export function commandsIn(output) {
  return new Set([...piecesOf(output)].map(({ command }) => command).filter((command) => command !== undefined));
}

/** The outputs up to and with each redraw. */
export function redrawsIn(output) {
  const end = `${esc}[J`;
  const parts = output.split(end).slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join(end) + end);
}

function* piecesOf(output) {
  piece.lastIndex = 0;
  for (let at = 0; at < output.length; at = piece.lastIndex) {
    const match = piece.exec(output);
    if (!match) throw new Error(`not known: ${JSON.stringify(output.slice(at, at + 20))}`);
    yield { text: match[0], count: Number(match[1] || 1), command: match[2] };
  }
}
