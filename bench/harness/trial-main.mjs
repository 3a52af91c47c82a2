// One trial in a process of its own: node trial-main.mjs WORK PEER SPEC. Prints what the work answers.

const [, , work, peerName, text] = process.argv;
const { dir, ...spec } = JSON.parse(text);
const { run } = await import(`../work/${work}.mjs`);
const { open } = await import(`../peers/${peerName}.mjs`);

const start = performance.now();
const peer = await open(dir, spec);
const openedMs = performance.now() - start;
const result = await run(peer, spec, { openedMs });
await peer.close();
console.log(JSON.stringify(result));
