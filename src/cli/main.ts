#!/usr/bin/env node
import { runProgram } from '../terminal/run-program.ts';

await runProgram(async (options) => (await import('./program.ts')).createProgram(options));
