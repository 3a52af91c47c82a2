import { InvalidArgumentError } from 'commander';

import { parseSize } from './size.ts';

/** For commander: a size such as `500MiB`, or 0. */
export function sizeOption(text: string): number {
  const sizeBytes = parseSize(text);
  if (sizeBytes !== undefined) return sizeBytes;
  throw new InvalidArgumentError('A size is a number of bytes, or one with a unit: 1048576, 500MiB, 20GB.');
}

/** For commander: a size such as `500MiB`, at least one byte. */
export function positiveSizeOption(text: string): number {
  const sizeBytes = sizeOption(text);
  if (sizeBytes > 0) return sizeBytes;
  throw new InvalidArgumentError('A size has to be at least one byte here.');
}

/** For commander: a whole number of `least` to `most`. */
export function countOption(least: number, most: number): (text: string) => number {
  return (text) => {
    const count = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (count >= least && count <= most) return count;
    throw new InvalidArgumentError(`It has to be a whole number from ${least} to ${most}.`);
  };
}

/** For commander: seconds, fractions allowed, more than 0 and at most `most`. */
export function secondsOption(most: number): (text: string) => number {
  return (text) => {
    const seconds = parseSeconds(text);
    if (seconds > 0 && seconds <= most) return seconds;
    throw new InvalidArgumentError(`It has to be a number of seconds above 0, and at most ${most}.`);
  };
}

/** For commander: seconds, fractions and 0 allowed. */
export function graceOption(text: string): number {
  const seconds = parseSeconds(text);
  if (seconds <= Number.MAX_SAFE_INTEGER) return seconds;
  throw new InvalidArgumentError('It has to be a number of seconds, 0 or more.');
}

function parseSeconds(text: string): number {
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
}
