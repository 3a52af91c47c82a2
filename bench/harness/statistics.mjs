import { linearRegression, max, mean, median, min } from 'simple-statistics';

export { mean, median };

/** The median of the values and how far they lie apart. */
export function summarize(values) {
  return { median: median(values), min: min(values), max: max(values) };
}

/** The median of the ratios of what was measured in the same round; the two lists are of the same rounds. */
export function medianRatio(numerators, denominators) {
  return median(numerators.map((value, round) => value / denominators[round]));
}

/** The exponent e of cost ~ sizeᵉ that fits best: 1 is linear, 2 quadratic. */
export function growthExponent(sizes, costs) {
  return linearRegression(sizes.map((size, i) => [Math.log(size), Math.log(costs[i])])).m;
}
