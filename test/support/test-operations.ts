import { existsSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Operation, Registry } from '@barback/agent/registry.ts';
import { runProgram } from '@barback/agent/system/run-program.ts';
import { defineContract } from '@barback/shared/operations/contract.ts';
import { serverNameSchema } from '@barback/shared/wire/identifiers.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { z } from 'zod';

const onServer = z.strictObject({ server: serverNameSchema });
const nothing = z.strictObject({});

/** A read that returns its text. */
const echo: Operation = {
  contract: defineContract({
    class: 'R',
    limitMs: 1_000,
    onCancel: 'stop',
    params: onServer.extend({ text: z.string(), delayMs: z.int().default(0) }),
    result: z.strictObject({ text: z.string() }),
  }),
  handler: {
    async perform(_host, params) {
      const { text, delayMs } = params as { text: string; delayMs: number };
      if (delayMs > 0) await sleep(delayMs);
      return { text };
    },
  },
};

/** A job that does nothing. */
const noop: Operation = {
  contract: defineContract({ class: 'I', limitMs: 10_000, onCancel: 'stop', params: onServer, result: nothing }),
  handler: {
    perform: async () => ({}),
    observe: async () => ({ is: 'complete', result: {} }),
  },
};

/** A read that runs a program for a minute, unless it is ended. */
const linger: Operation = {
  contract: defineContract({
    class: 'R',
    limitMs: 60_000,
    onCancel: 'stop',
    params: onServer.extend({ traceFile: z.string() }),
    result: nothing,
  }),
  handler: {
    async perform(_host, params, call) {
      const { traceFile } = params as { traceFile: string };
      const argv = [process.execPath, '-e', workSource, traceFile, `${traceFile}-never`, 'false'];
      await runProgram({ argv, user: null, timeoutMs: 60_000 }, call.signal);
      return {};
    },
  },
};

const workParams = onServer.extend({
  /** The program appends a line here when it begins and one when it ends. */
  traceFile: z.string(),
  /** The program goes on until this file exists. */
  goFile: z.string(),
  ignoreTerm: z.boolean().default(false),
});

const workSource = `
  const fs = require('fs');
  const [trace, go, ignore] = process.argv.slice(1);
  if (ignore === 'true') process.on('SIGTERM', () => {});
  // Before anybody is told that it runs: output that its runner does not live to read would end it.
  fs.writeSync(1, 'x'.repeat(50000) + 'end of output');
  fs.appendFileSync(trace, 'begin ' + process.pid + '\\n');
  setInterval(() => { if (fs.existsSync(go)) { fs.appendFileSync(trace, 'end\\n'); process.exit(0); } }, 10);
`;

function work(contract: { class: 'I' | 'A' | 'D'; limitMs: number; onCancel: 'stop' | 'finish' }): Operation {
  return {
    contract: defineContract({
      ...contract,
      params: workParams,
      result: z.strictObject({ exitCode: z.int().nullable(), output: z.string(), truncated: z.boolean() }),
    }),
    handler: {
      async perform(_host, params, call) {
        const { traceFile, goFile, ignoreTerm } = params as z.infer<typeof workParams>;
        call.progress('working', 1, 2);
        call.log('the program is started');
        const { exitCode, stdout, truncated } = await runProgram(
          {
            argv: [process.execPath, '-e', workSource, traceFile, goFile, String(ignoreTerm)],
            user: null,
            timeoutMs: 600_000,
            outputBytesMax: 100,
          },
          call.signal,
        );
        if (exitCode !== 0) throw new ProblemError('barman-failed', `the program ended with ${exitCode}`);
        await appendFile(traceFile, 'result\n');
        return { exitCode, output: stdout, truncated };
      },
      async observe(_host, params) {
        const { traceFile } = params as z.infer<typeof workParams>;
        return existsSync(traceFile) ? { is: 'partial', facts: { traceFile } } : { is: 'absent' };
      },
    },
  };
}

/** Operations for tests of the agent itself, and for the bench: never part of the whitelist. */
export const testRegistry: Registry = {
  operations: new Map([
    ['test-echo', echo],
    ['test-linger', linger],
    ['test-noop', noop],
    ['test-work', work({ class: 'A', limitMs: 600_000, onCancel: 'stop' })],
    ['test-brief', work({ class: 'A', limitMs: 1_500, onCancel: 'stop' })],
    ['test-finish', work({ class: 'I', limitMs: 600_000, onCancel: 'finish' })],
    ['test-destroy', work({ class: 'D', limitMs: 600_000, onCancel: 'finish' })],
  ]),
};
