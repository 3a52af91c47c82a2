import { growthExponent, median, medianRatio } from './statistics.mjs';

// A check looks at the results of a bar, a map from case to contender to the values of its rounds. It answers undefined
// where one that it needs was skipped.

/** `ours` may take at most `limit` times as long as `against`. */
export function atMostTimesAsLong(limit, ours, against, caseName) {
  return ratioCheck({
    text: `${ours}: ≤ ${limit} × the time of ${against}`,
    caseName,
    names: [ours, against],
    ratio: (mine, theirs) => medianRatio(mine, theirs),
    isMet: (ratio) => ratio <= limit,
  });
}

/** `ours` must be at least `limit` times as fast as `against`, of which less time is better. */
export function atLeastTimesAsFast(limit, ours, against, caseName) {
  return ratioCheck({
    text: `${ours}: ≥ ${limit} × as fast as ${against}`,
    caseName,
    names: [ours, against],
    ratio: (mine, theirs) => medianRatio(theirs, mine),
    isMet: (ratio) => ratio >= limit,
  });
}

/** The same for throughput, of which more is better. */
export function atLeastTimesTheThroughput(limit, ours, against, caseName) {
  return ratioCheck({
    text: `${ours}: ≥ ${limit} × the throughput of ${against}`,
    caseName,
    names: [ours, against],
    ratio: (mine, theirs) => medianRatio(mine, theirs),
    isMet: (ratio) => ratio >= limit,
  });
}

export function atMostMilliseconds(limit, contender, caseName) {
  return atMost(limit, 'ms', contender, caseName);
}

/** Returns a check that a measured value is at most `limit`. */
export function atMost(limit, unit, contender, caseName) {
  return {
    text: `${caseName}: ≤ ${limit} ${unit}`,
    caseName,
    contender,
    evaluate(results) {
      const values = results.get(caseName)?.get(contender);
      if (!values) return undefined;
      const measured = median(values);
      return { measured: `${measured.toFixed(1)} ${unit}`, value: measured, met: measured <= limit };
    },
  };
}

/** The cost must grow as the number of entries does: its exponent over the cases, which are numbers, is near 1. */
export function growsLinearly(limit, contender, sizes) {
  return {
    text: `${contender}: cost ~ entriesᵉ, e ≤ ${limit}, over ${sizes.map((size) => size.toExponential(0)).join(', ')}`,
    contender,
    evaluate(results) {
      const costs = sizes.map((size) => results.get(entriesCase(size))?.get(contender));
      if (costs.includes(undefined)) return undefined;
      const exponent = growthExponent(sizes, costs.map(median));
      return { measured: `e = ${exponent.toFixed(2)}`, value: exponent, met: exponent <= limit };
    },
  };
}

export function entriesCase(entries) {
  return `${entries.toLocaleString('en')} entries`;
}

function ratioCheck({ text, caseName, names, ratio, isMet }) {
  return {
    text: `${caseName}: ${text}`,
    caseName,
    contender: names[0],
    evaluate(results) {
      const [mine, theirs] = names.map((name) => results.get(caseName)?.get(name));
      if (!mine || !theirs) return undefined;
      const value = ratio(mine, theirs);
      return { measured: `${value.toFixed(2)} ×`, value, met: isMet(value) };
    },
  };
}
