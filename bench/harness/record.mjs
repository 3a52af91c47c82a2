import { median } from './statistics.mjs';

/**
 * A run as it can be kept: `{ environment, quick, trials, bars: [{ id, notes, trials }] }`, with what each trial answered.
 * With the declarations of the bars, it is all that the tables and the plots are made from.
 */
export function outcomesOf(record, declaredBars) {
  return record.bars.map(({ id, notes, trials }) => {
    const bar = declaredBars.find((declared) => declared.id === id);
    return { bar, notes, raw: trials, results: resultsOf(trials, bar) };
  });
}

/** From case to contender to the values of its rounds. */
function resultsOf(trials, { average = median }) {
  const byCase = Object.entries(trials).map(([caseName, byContender]) => [
    caseName,
    new Map(Object.entries(byContender).map(([name, all]) => [name, all.map(({ batches }) => average(batches))])),
  ]);
  return new Map(byCase);
}
