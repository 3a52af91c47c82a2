// A file name may hold anything but NUL and a slash: a line break, or an ESC that makes the terminal do things.

import { withoutSecrets } from '../base/error-text.ts';

/** Controls (C0, DEL, C1), line and paragraph separators, and what turns the direction of writing. */
const unprintable = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;
const eachUnprintable = new RegExp(unprintable, 'gu');

/** For any text that is shown: what would not be seen as a character is written as `\n`, `\x1b`, `\u202e`. */
export function printable(text: string): string {
  return unprintable.test(text) ? text.replace(eachUnprintable, escapeCharacter) : text;
}

/** The same for a text that has lines. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

/** The same for a message of commander's, which may repeat an argument. */
export function printableMessage(text: string): string {
  return printableLines(withoutSecrets(text));
}

/** As {@link printable}; an id that is not plain becomes `$'…'`, which bash, zsh and ksh read as the id again. */
export function printableId(imageId: string): string {
  if (!unprintable.test(imageId) && !imageId.startsWith("$'")) return imageId;
  return `$'${printable(imageId.replace(/[\\']/g, '\\$&'))}'`;
}

/** JSON in which nothing can reach a terminal either. The data are the same. */
export function printableJson(value: unknown): string {
  const text = JSON.stringify(value);
  return unprintable.test(text) ? text.replace(eachUnprintable, (character) => `\\u${hex(character, 4)}`) : text;
}

function escapeCharacter(character: string): string {
  const short = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }[character];
  if (short !== undefined) return short;
  // In a shell \x is a byte, which is the character only in ASCII.
  return character < '\x80' ? `\\x${hex(character, 2)}` : `\\u${hex(character, 4)}`;
}

function hex(character: string, digits: number): string {
  return character.charCodeAt(0).toString(16).padStart(digits, '0');
}
