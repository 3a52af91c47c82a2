import { formatTable } from './format-table.mjs';
import { median, medianRatio, summarize } from './statistics.mjs';

/** Returns the facts that the figures depend on, as lines of text. */
export function formatEnvironment({ environment, quick, trials }) {
  const { date, cpu, cores, memoryGiB, kernel, fileSystem, load, node, versions, glance } = environment;
  const peers = Object.entries({ ...versions, glance })
    .filter(([, version]) => version)
    .map(([name, version]) => `${name} ${version}`);
  return [
    `- ${date} UTC; ${cpu}, ${cores} cores, ${memoryGiB} GiB; Linux ${kernel}; ${fileSystem.type} (${fileSystem.options})`,
    `- Node ${node}; ${peers.join(', ')}`,
    `- ${trials} rounds${quick ? ', quick: not to be quoted' : ''}; load when it began: ${load}`,
  ].join('\n');
}

/** A table of what was measured, and one of the bars with what came of them. */
export function formatBar({ bar, results, raw, notes }) {
  const parts = [`### ${bar.id} · ${bar.title}`];
  if (results.size > 0) parts.push(formatMeasurements(bar, results, raw));
  if (bar.checks.length > 0)
    parts.push(
      formatTable(
        ['bar', 'measured', ''],
        bar.checks.map((check) => checkRow(check, results)),
      ),
    );
  if (notes.length > 0) parts.push(notes.map((note) => `- ${note}`).join('\n'));
  return parts.join('\n\n');
}

/** Columns of values that only some trials have. */
const moreColumns = { peakMiB: 'peak memory, MiB', checkpoints: 'checkpoints in a trial' };

function formatMeasurements(bar, results, raw) {
  const all = Object.values(raw).flatMap((byContender) => Object.values(byContender).flat());
  const more = Object.keys(moreColumns).filter((key) => all.some((trial) => trial[key]));
  const rows = [...results].flatMap(([caseName, byContender]) =>
    [...byContender].map(([name, values]) => {
      const others = more.map((key) => middleOf(raw[caseName][name], key));
      return [caseName, name, ...spreadOf(bar, values), besideOurs(bar, byContender, name), ...others];
    }),
  );
  const header = [
    '',
    'contender',
    `median, ${bar.unit}`,
    'least – most',
    `ours is … × ${bar.higherIsBetter ? 'the throughput' : 'as fast'}`,
  ];
  return formatTable([...header, ...more.map((key) => moreColumns[key])], rows);
}

function spreadOf(bar, values) {
  const scale = bar.unit === 'µs' ? 1e-3 : 1;
  const { median: middle, min, max } = summarize(values.map((value) => value * scale));
  return [formatFigure(middle), `${formatFigure(min)} – ${formatFigure(max)}`];
}

/** `ours, sync` beside those that are not awaited where that is measured alone, else the awaited one. */
function besideOurs({ higherIsBetter, floor, ours: named = 'ours' }, byContender, name) {
  const ours = floor?.same ?? named;
  if (name === ours || !byContender.has(ours)) return '';
  const [mine, theirs] = [byContender.get(ours), byContender.get(name)];
  return formatFigure(higherIsBetter ? medianRatio(mine, theirs) : medianRatio(theirs, mine));
}

function middleOf(trials, key) {
  const values = trials.map((trial) => trial[key]).filter((value) => value !== undefined);
  return values.length === 0 ? '' : formatFigure(median(values));
}

function checkRow(check, results) {
  const { measured, verdict } = verdictOf(check, results);
  return [check.text, measured, verdict];
}

function verdictOf(check, results) {
  const evaluated = check.evaluate(results);
  if (!evaluated) return { measured: '–', verdict: 'not measured' };
  return { measured: evaluated.measured, verdict: evaluated.met ? 'met' : '**missed**' };
}

/** All bars in one table. */
export function formatVerdicts(outcomes) {
  const rows = outcomes
    .toSorted((a, b) => barNumber(a) - barNumber(b))
    .flatMap(({ bar, results }) => bar.checks.map((check) => [bar.id.split(',')[0], ...checkRow(check, results)]));
  return `### All bars\n\n${formatTable(['', 'bar', 'measured', ''], rows)}`;
}

function barNumber({ bar }) {
  return Number(/^P(\d+)/.exec(bar.id)?.[1] ?? Number.POSITIVE_INFINITY);
}

/** Three digits that say something, thousands in groups. */
export function formatFigure(value) {
  if (value >= 100) return Math.round(value).toLocaleString('en');
  return Number(value.toPrecision(3)).toString();
}
