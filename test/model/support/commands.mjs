import assert from 'node:assert/strict';
import fc from 'fast-check';

/**
 * Sequences of commands for `fc.asyncModelRun`. An operation has `args`, its arguments as arbitraries; `can`, whether it
 * makes sense now; `act`, what the real thing answers, an error's code for one; and `expect`, what the model answers and
 * becomes. Where the model cannot know, `check` judges the answer and takes it over. `counts` gets how often each was run.
 */
export function commandsOf(operations, counts, options) {
  const commands = Object.entries(operations).map(([name, operation]) =>
    fc.tuple(...(operation.args ?? [])).map((args) => command(name, operation, args, counts)),
  );
  return fc.commands(commands, options);
}

function command(name, { can = () => true, expect, act, check }, args, counts) {
  return {
    check: (model) => can(model, ...args),
    toString: () => `${name}(${args.map(fc.stringify).join(', ')})`,
    async run(model, real) {
      counts[name] = (counts[name] ?? 0) + 1;
      const actual = await answerOf(() => act(real, ...args));
      if (check) check(model, actual, ...args);
      else assert.deepEqual(actual, expect(model, ...args), this.toString());
    },
  };
}

async function answerOf(action) {
  try {
    return await action();
  } catch (error) {
    if (error.code === undefined) throw error;
    return error.code;
  }
}
