import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { plots } from '../plots/plots.mjs';
import { renderPlot } from '../plots/render.mjs';
import { replaceGenerated } from './markers.mjs';
import { outcomesOf } from './record.mjs';
import { formatBar, formatEnvironment, formatVerdicts } from './report.mjs';

const page = fileURLToPath(new URL('../../docs/benchmarks.md', import.meta.url));
const directory = fileURLToPath(new URL('../../docs/benchmarks/', import.meta.url));

/** Writes the tables and plots of docs/benchmarks.md from one run. */
export async function updateDocuments(record, bars) {
  const outcomes = outcomesOf(record, bars);
  const parts = [formatEnvironment(record), formatVerdicts(outcomes), ...(await drawPlots(outcomes))];
  parts.push(...outcomes.map(formatBar));
  writeFileSync(page, replaceGenerated(readFileSync(page, 'utf8'), parts.join('\n\n')));
  console.error(`wrote ${page}`);
}

/** Writes those that there is something for, and answers how the page shows them. */
async function drawPlots(outcomes) {
  mkdirSync(directory, { recursive: true });
  const shown = [];
  for (const [name, plot] of Object.entries(plots)) {
    const rows = plot.rows(outcomes);
    if (rows.length === 0) continue;
    writeFileSync(`${directory}${name}.svg`, await renderPlot(plot, rows));
    shown.push(`![${plot.alt}](benchmarks/${name}.svg)`);
  }
  return shown;
}
