import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { load, root } from './load.mjs';
import { opToJson } from './op-json.mjs';

const { decodeOp, encodeOp } = await load('core/op.ts');
const FormatErrorNamed = (error) => error.constructor.name === 'FormatError';
const vectors = JSON.parse(readFileSync(join(root, 'tests/data/op-vectors.json'), 'utf8'));
const plain = readFileSync(join(root, 'tests/data/op-vectors.txt'), 'utf8').trim().split('\n');
const bytesOf = (hex) => Uint8Array.from(Buffer.from(hex, 'hex'));

test('decodes_each_vector_and_encodes_it_to_the_same_bytes', () => {
  assert.ok(vectors.vectors.length >= 30);
  for (const { name, hex, op } of vectors.vectors) {
    const decoded = decodeOp(bytesOf(hex));
    assert.deepEqual(opToJson(decoded), op, name);
    assert.equal(Buffer.from(encodeOp(decoded)).toString('hex'), hex, name);
  }
});

test('refuses_each_malformed_vector', () => {
  assert.ok(vectors.refused.length >= 50);
  for (const { reason, hex } of vectors.refused) {
    assert.throws(() => decodeOp(bytesOf(hex)), FormatErrorNamed, reason);
  }
});

test('refuses_every_truncation_of_a_stroke', () => {
  const { hex } = vectors.vectors.find(({ name }) => name === 'everything');
  const whole = bytesOf(hex);
  for (let size = 0; size < whole.length; size++) {
    assert.throws(() => decodeOp(whole.subarray(0, size)), `${size} bytes`);
  }
});

test('the_plain_copy_holds_the_same_vectors', () => {
  const told = [
    ...vectors.vectors.map(({ hex }) => `ok ${hex}`),
    ...vectors.refused.map(({ hex }) => `bad ${hex}`.trim()),
  ];
  assert.deepEqual(
    plain.map((row) => row.trim()),
    told,
  );
});

test('handwriting_takes_at_most_three_bytes_a_point', () => {
  const { hex, op } = vectors.vectors.find(({ name }) => name === 'longest');
  assert.ok(hex.length / 2 / op.x.length < 3);
});

test('the_kernels_codec_agrees_on_every_stroke', async () => {
  const { Ink } = await load('ink.ts');
  const ink = await Ink.load(readFileSync(join(root, 'build/web/ink.wasm')));
  const slot = ink.allocStroke();
  for (const { name, hex, op } of vectors.vectors.filter((vector) => vector.op.kind === 'stroke')) {
    assert.ok(ink.decodeStroke(slot, bytesOf(hex)), name);
    assert.equal(ink.strokeInfo(slot).pointCount, op.x.length, name);
    assert.equal(Buffer.from(ink.encodeStroke(slot)).toString('hex'), hex, name);
  }
  for (const { reason, hex } of vectors.refused) {
    assert.equal(ink.decodeStroke(slot, bytesOf(hex)), false, reason);
  }
});
