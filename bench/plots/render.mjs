import { parse, View } from 'vega';
import { compile } from 'vega-lite';

/** An SVG, made without a browser. White behind it: it is read on dark pages, too. */
export async function renderPlot({ specification, alt }, rows) {
  const { spec } = compile({ background: 'white', ...specification, data: { values: rows }, usermeta: { alt } });
  const view = new View(parse(spec), { renderer: 'none' });
  const svg = await view.toSVG();
  view.finalize();
  return `${svg}\n`;
}
