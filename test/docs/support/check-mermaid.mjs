import assert from 'node:assert/strict';

const name = '[A-Za-z]\\w*';
const label = '"[^"]*"';
/** A semicolon ends a statement, and `#` begins an entity. */
const words = '[^;#]+';
const node = `${name}(?:\\[${label}\\])?`;
const arrow = `(?:-->|-\\.->)(?:\\|${label}\\|)?`;

/** The statements that our diagrams are made of, by their kind. An unknown or misspelt statement is an error. */
const statements = {
  sequenceDiagram: [
    `participant ${name} as ${words}`,
    `${name}(?:->>|-->>)${name}: ${words}`,
    `Note over ${name}(?:,${name})?: ${words}`,
  ],
  'flowchart TB': [`${node} ${arrow} ${node}`],
};

/** Checks a diagram against the syntax of Mermaid, as far as our diagrams need it. */
export function checkMermaid(_t, { text }) {
  const [kind, ...lines] = text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  assert(kind in statements, `a kind of diagram that nothing here checks: ${kind}`);
  const known = new RegExp(`^(?:${statements[kind].join('|')})$`);
  for (const line of lines) assert.match(line, known);
}
