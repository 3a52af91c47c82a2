import assert from 'node:assert/strict';

const name = '[A-Za-z]\\w*';
const label = '"[^"]*"';
const node = `${name}(?:\\[${label}\\]|\\[\\(${label}\\)\\])?`;
const arrow = `(?:-->|-\\.->|<-->)(?:\\|${label}\\|)?`;

/** The statements that our diagrams are made of, by their kind. A stranger one is an error, as a misspelt one is. */
const statements = {
  sequenceDiagram: [
    `participant ${name} as .+`,
    `${name}(?:->>|-->>)${name}: .+`,
    `Note (?:over|left of|right of) ${name}(?:,${name})?: .+`,
  ],
  'flowchart TB': [`subgraph ${name}\\[${label}\\]`, 'end', 'direction (?:TB|LR)', `${node}(?: ${arrow} ${node})*`],
};
statements['flowchart LR'] = statements['flowchart TB'];

/** Holds a diagram to what Mermaid reads, as far as our diagrams need it. */
export function checkMermaid(_t, { text }) {
  const [kind, ...lines] = text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  assert(kind in statements, `a kind of diagram that nothing here checks: ${kind}`);
  const known = new RegExp(`^(?:${statements[kind].join('|')})$`);
  for (const line of lines) assert.match(line, known);
  const opened = lines.filter((line) => line.startsWith('subgraph ')).length;
  assert.equal(lines.filter((line) => line === 'end').length, opened, 'every subgraph ends');
}
