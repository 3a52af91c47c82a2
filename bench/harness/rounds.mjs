/**
 * Runs each contender once in each round, in an order that starts one further with each round, so that none always
 * follows the same one and what the machine does in between hits them all.
 *
 * @returns a map from the contender to what its trials answered, in the order of the rounds
 */
export async function runRounds(contenders, rounds, trial) {
  const results = new Map(contenders.map((contender) => [contender, []]));
  for (let round = 0; round < rounds; round++) {
    for (const contender of rotated(contenders, round)) {
      results.get(contender).push(await trial(contender, round));
    }
  }
  return results;
}

export function rotated(items, by) {
  const start = items.length === 0 ? 0 : by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}
