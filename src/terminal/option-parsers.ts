import { InvalidArgumentError } from 'commander';

import { parseSize } from './size.ts';

/** Parses a size such as `500MiB`, or 0, for commander. */
export function sizeOption(text: string): number {
  const sizeBytes = parseSize(text);
  if (sizeBytes !== undefined) return sizeBytes;
  throw new InvalidArgumentError('A size is a number of bytes, or one with a unit: 1048576, 500MiB, 20GB.');
}

/** Parses a size such as `500MiB`, at least one byte, for commander. */
export function positiveSizeOption(text: string): number {
  const sizeBytes = sizeOption(text);
  if (sizeBytes > 0) return sizeBytes;
  throw new InvalidArgumentError('A size must be at least one byte here.');
}

/** Returns a parser of a whole number from `least` to `most`, for commander. */
export function countOption(least: number, most: number): (text: string) => number {
  return (text) => {
    const count = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (count >= least && count <= most) return count;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}

/** Returns a parser of seconds above 0 and at most `most`, with fractions, for commander. */
export function secondsOption(most: number): (text: string) => number {
  return (text) => {
    const seconds = parseSeconds(text);
    if (seconds > 0 && seconds <= most) return seconds;
    throw new InvalidArgumentError(`It must be a number of seconds above 0, and at most ${most}.`);
  };
}

/** Parses seconds, 0 or more, with fractions, for commander. */
export function graceOption(text: string): number {
  const seconds = parseSeconds(text);
  if (seconds <= Number.MAX_SAFE_INTEGER) return seconds;
  throw new InvalidArgumentError('It must be a number of seconds, 0 or more.');
}

function parseSeconds(text: string): number {
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
}
