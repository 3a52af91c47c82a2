// A file name may contain any byte but NUL and a slash, for example a line break, or an ESC that controls the terminal.

import { withoutSecrets } from '../base/error-text.ts';

/** Controls (C0, DEL, C1), separators of lines and paragraphs, and controls of the direction of writing. */
const unprintable = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;
const eachUnprintable = new RegExp(unprintable, 'gu');

/** Returns a text in which each invisible character is written as `\n`, `\x1b` or `\u202e`. */
export function printable(text: string): string {
  return unprintable.test(text) ? text.replace(eachUnprintable, escapeCharacter) : text;
}

/** Returns a printable text of several lines. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

/** Returns a printable message of commander, which may repeat an argument. */
export function printableMessage(text: string): string {
  return printableLines(withoutSecrets(text));
}

/** Returns a printable id. One that is not plain becomes `$'…'`, which bash, zsh and ksh read as the id again. */
export function printableId(imageId: string): string {
  if (!unprintable.test(imageId) && !imageId.startsWith("$'")) return imageId;
  return `$'${printable(imageId.replace(/[\\']/g, '\\$&'))}'`;
}

/** Returns JSON with escapes for the same characters. The data are unchanged. */
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
