import stringWidth from 'string-width';

import { wrapText } from './wrap-text.ts';

const ascii = /^[\x20-\x7e]*$/;
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** The columns that a text takes on a terminal, where 漢 takes two and a combining accent none. */
export function textWidth(text: string): number {
  return ascii.test(text) ? text.length : stringWidth(text);
}

/** The text, or its beginning and its end with `…` between, in at most `width` columns. Ids often differ at the end. */
export function shortenInMiddle(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  const characters = [...graphemes.segment(text)].map(({ segment }) => segment);
  const head = take(characters, Math.ceil((width - 1) / 2));
  const tail = take(characters.reverse(), width - 1 - textWidth(head.join('')));
  return `${head.join('')}…${tail.reverse().join('')}`;
}

/** The text in pieces of at most `width` columns, with nothing left out. */
export function breakAnywhere(text: string, width: number): string[] {
  if (textWidth(text) <= width) return [text];
  const lines: string[] = [];
  let rest = [...graphemes.segment(text)].map(({ segment }) => segment);
  while (rest.length > 0) {
    // One that is wider than the line has to go somewhere all the same.
    const line = take(rest, width).length > 0 ? take(rest, width) : rest.slice(0, 1);
    lines.push(line.join(''));
    rest = rest.slice(line.length);
  }
  return lines;
}

/** The text in lines of at most `width` columns, broken between words where there are any. */
export function breakLines(text: string, width: number): string[] {
  if (textWidth(text) <= width) return [text];
  return wrapText(text, width, '')
    .split('\n')
    .flatMap((line) => breakAnywhere(line, width));
}

/** As many characters, from the first on, as fit into `width` columns. */
function take(characters: readonly string[], width: number): string[] {
  let left = width;
  const end = characters.findIndex((character) => {
    left -= textWidth(character);
    return left < 0;
  });
  return characters.slice(0, end === -1 ? undefined : end);
}
