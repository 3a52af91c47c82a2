import stringWidth from 'string-width';

import { wrapText } from './wrap-text.ts';

const ascii = /^[\x20-\x7e]*$/;
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Returns the columns of a text on a terminal. 漢 has two, a combining accent none. */
export function textWidth(text: string): number {
  return ascii.test(text) ? text.length : stringWidth(text);
}

/** Returns the text in at most `width` columns, with `…` in its middle if it is longer. Ids often differ at the end. */
export function shortenInMiddle(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  const characters = [...graphemes.segment(text)].map(({ segment }) => segment);
  const head = take(characters, Math.ceil((width - 1) / 2));
  const tail = take(characters.reverse(), width - 1 - textWidth(head.join('')));
  return `${head.join('')}…${tail.reverse().join('')}`;
}

/** Splits the text into pieces of at most `width` columns. */
export function breakAnywhere(text: string, width: number): string[] {
  if (textWidth(text) <= width) return [text];
  const lines: string[] = [];
  let rest = [...graphemes.segment(text)].map(({ segment }) => segment);
  while (rest.length > 0) {
    // A character wider than the line gets a line of its own.
    const line = take(rest, width).length > 0 ? take(rest, width) : rest.slice(0, 1);
    lines.push(line.join(''));
    rest = rest.slice(line.length);
  }
  return lines;
}

/** Splits the text into lines of at most `width` columns, between words if possible. */
export function breakLines(text: string, width: number): string[] {
  if (textWidth(text) <= width) return [text];
  return wrapText(text, width, '')
    .split('\n')
    .flatMap((line) => breakAnywhere(line, width));
}

/** Returns the first characters that fit into `width` columns. */
function take(characters: readonly string[], width: number): string[] {
  let left = width;
  const end = characters.findIndex((character) => {
    left -= textWidth(character);
    return left < 0;
  });
  return characters.slice(0, end === -1 ? undefined : end);
}
