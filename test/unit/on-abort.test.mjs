import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';

import { onAbort, untilAborted } from '../../dist/base/on-abort.js';
import { runScript } from '../support/run-script.mjs';

const listenersOf = (signal) => getEventListeners(signal, 'abort').length;
const never = () => new Promise(() => {});

test('an abort – calls every listener once, in order, with its object', () => {
  const abort = new AbortController();
  const called = [];
  const objects = ['a', 'b', 'c'].map((name) => ({ name }));
  for (const object of objects) onAbort(abort.signal, object, ({ name }) => called.push(name));
  abort.abort();
  abort.abort();
  assert.deepEqual(called, ['a', 'b', 'c']);
});

test('an abort – before the listening begins – calls the listener immediately', () => {
  const called = [];
  onAbort(AbortSignal.abort(), { name: 'late' }, ({ name }) => called.push(name));
  assert.deepEqual(called, ['late']);
});

test('an abort – after the listening was ended – calls nothing', () => {
  const abort = new AbortController();
  const object = {};
  const stop = onAbort(abort.signal, object, () => assert.fail('was called'));
  stop();
  stop();
  abort.abort();
});

test('a signal – with a hundred listeners – has one, and none when all have ended', () => {
  const { signal } = new AbortController();
  const objects = Array.from({ length: 100 }, () => ({}));
  const stops = objects.map((object) => onAbort(signal, object, () => {}));
  assert.equal(listenersOf(signal), 1);
  for (const stop of stops) stop();
  assert.equal(listenersOf(signal), 0);

  onAbort(signal, objects[0], () => {});
  for (const stop of stops) stop(); // Of those before it.
  assert.equal(listenersOf(signal), 1);
});

test('a wait – ends with what comes first – and leaves no listener', async () => {
  const [first, second] = [new AbortController(), new AbortController()];
  const signals = [first.signal, undefined, second.signal];
  assert.equal(await untilAborted(Promise.resolve('value'), ...signals), 'value');
  await assert.rejects(untilAborted(Promise.reject(new Error('failed')), ...signals), { message: 'failed' });
  assert.deepEqual(
    [first, second].map(({ signal }) => listenersOf(signal)),
    [0, 0],
  );

  const waiting = untilAborted(never(), ...signals);
  second.abort(new Error('enough'));
  await assert.rejects(waiting, { message: 'enough' });
  await assert.rejects(untilAborted(never(), ...signals), { message: 'enough' });
  assert.deepEqual(
    [first, second].map(({ signal }) => listenersOf(signal)),
    [0, 0],
  );
});

test('a wait – promise that fails after the abort – rejects once, with the reason', async () => {
  const abort = new AbortController();
  let fail;
  const waiting = untilAborted(new Promise((_resolve, reject) => (fail = reject)), abort.signal);
  abort.abort(new Error('enough'));
  fail(new Error('late'));
  await assert.rejects(waiting, { message: 'enough' });
});

test('a signal whose reason throws – ends a wait with what it throws', async () => {
  const abort = new AbortController();
  Object.defineProperty(abort.signal, 'reason', {
    get() {
      throw new Error('no reason');
    },
  });
  const waiting = untilAborted(never(), abort.signal);
  abort.abort();
  await assert.rejects(waiting, { message: 'no reason' });
});

test('a signal that lives on – keeps callers that wait, and no listening object', async () => {
  const source = `
    const { onAbort, untilAborted } = await import('${new URL('../../dist/base/on-abort.js', import.meta.url)}');
    const { getEventListeners } = await import('node:events');
    const abort = new AbortController();
    let collected = 0;
    const registry = new FinalizationRegistry(() => collected++);
    function listen(i) {
      const object = { i };
      registry.register(object);
      onAbort(abort.signal, object, ({ i }) => console.log('called', i));
    }
    for (let i = 0; i < 100; i++) listen(i);
    untilAborted(new Promise(() => {}), abort.signal).catch(({ message }) => console.log('woken by', message));
    for (let i = 0; i < 20; i++) {
      gc();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    console.log(collected, 'collected');
    abort.abort(new Error('the abort'));
    await new Promise((resolve) => setTimeout(resolve, 5));
    console.log(getEventListeners(abort.signal, 'abort').length, 'left');
  `;
  const output = await runScript(source, [], { execArgv: ['--expose-gc'] });
  assert.equal(output, '100 collected\nwoken by the abort\n0 left\n');
});
