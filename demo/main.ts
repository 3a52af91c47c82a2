import { runProgram } from '#terminal/run-program';

await runProgram(async (options) => (await import('./command.ts')).createProgram(options));
