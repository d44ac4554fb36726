// Colours: the palette is told apart with any kind of colour vision; conversions; palettes of one's own.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { SWATCHES, nearestSwatch } = await load('core/swatches.ts');
const color = { ...(await load('core/color.ts')), ...(await load('core/mixing.ts')) };
const { readGpl, writeGpl } = await load('core/gpl.ts');

/* Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB. */
const VISIONS = {
  normal: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protanopia: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deuteranopia: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  tritanopia: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
};

function seen(hex, matrix) {
  const linear = color.linearOf(color.rgbOf(hex));
  const row = (i) => Math.min(1, Math.max(0, linear.reduce((sum, share, j) => sum + matrix[3 * i + j] * share, 0)));
  return color.oklabOfLinear(row(0), row(1), row(2));
}

function nearest(swatches, matrix) {
  let least = { distance: Infinity };
  swatches.forEach(([a, hexA], i) => {
    for (const [b, hexB] of swatches.slice(0, i)) {
      const [p, q] = [seen(hexA, matrix), seen(hexB, matrix)];
      const distance = Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
      least = distance < least.distance ? { distance, a, b } : least;
    }
  });
  return least;
}

for (const [name, matrix] of Object.entries(VISIONS)) {
  test(`with_${name}_no_two_colours_look_alike`, () => {
    const all = nearest(SWATCHES, matrix);
    assert.ok(all.distance >= 0.05, `${all.a} and ${all.b}: ${all.distance}`);
    const keys = nearest(SWATCHES.slice(0, 9), matrix);
    assert.ok(keys.distance >= 0.09, `${keys.a} and ${keys.b}: ${keys.distance}`);
  });
}

test('names_and_colours_are_each_there_once', () => {
  assert.equal(new Set(SWATCHES.map(([name]) => name)).size, 27);
  assert.equal(new Set(SWATCHES.map(([, hex]) => hex)).size, 27);
});

test('any_colour_is_called_by_the_swatch_it_is_like', () => {
  assert.deepEqual(nearestSwatch('#d83910'), { name: 'red', isSame: true });
  const like = { '#000000': 'ink', '#fefefe': 'white', '#808080': 'slate', '#ff0000': 'red', '#0000ff': 'blue',
    '#00ff00': 'green', '#ffff00': 'yellow', '#800080': 'violet', '#ffc0cb': 'rose', '#fbf9f4': 'white' };
  for (const [hex, name] of Object.entries(like)) {
    assert.equal(nearestSwatch(hex).name, name, hex);
    assert.equal(nearestSwatch(hex).isSame, false);
  }
});

test('what_people_type_is_read_as_a_colour_or_not_at_all', () => {
  assert.equal(color.readHex('#AbCdEf'), '#abcdef');
  assert.equal(color.readHex(' f80 '), '#ff8800');
  for (const text of ['', '#', 'red', '#12345', '#1234567', '12 34 56', '#ggg']) {
    assert.equal(color.readHex(text), null, text);
  }
});

test('hsv_and_oklch_come_back_to_the_same_colour', () => {
  for (let value = 0; value < 0x1000000; value += 65_521) {
    const hex = `#${value.toString(16).padStart(6, '0')}`;
    const rgb = color.rgbOf(hex);
    assert.equal(color.hexOf(color.rgbOfHsv(color.hsvOf(rgb))), hex);
    assert.equal(color.hexOf(color.rgbOfOklch(color.oklchOf(rgb))), hex);
  }
  const grey = color.hsvOf(color.rgbOf('#808080'), { h: 200, s: 0.5, v: 1 });
  assert.deepEqual([grey.h, grey.s], [200, 0], 'a hue that was chosen is kept while nothing shows it');
});

test('shades_run_from_dark_to_light_in_one_hue', () => {
  for (const hex of ['#d83910', '#1a49c6', '#808080', '#000000']) {
    const shades = color.shadesOf(hex, 9);
    const light = shades.map((each) => color.oklchOf(color.rgbOf(each)).l);
    assert.ok(light.every((l, i) => i === 0 || l > light[i - 1] + 0.05), `${shades}`);
  }
});

test('a_gimp_palette_is_read_and_written', () => {
  const text = '\ufeffGIMP Palette\r\nName: My sunset \r\nColumns: 3\r\n# hello\r\n255 128   0\tOrange\r\n  0   0   0 Black\r\n'
    + '255 128 0 again\r\n300 0 0 no colour\r\n12 13\r\n';
  assert.deepEqual(readGpl(text), { name: 'My sunset', colors: ['#ff8000', '#000000'] });
  const own = { name: 'Two  words', colors: ['#010203', '#fffefd'] };
  assert.deepEqual(readGpl(writeGpl(own)), { ...own, name: 'Two words' });
  for (const none of ['', 'JASC-PAL', 'GIMP Palette', 'GIMP Palette\nName: empty\n#\n', '\0\0\0']) {
    assert.equal(readGpl(none), null);
  }
  const long = `GIMP Palette\nName: ${'x'.repeat(400)}\n${Array.from({ length: 2_000 }, (_, i) => `${i % 256} ${i >> 8} 7`).join('\n')}`;
  assert.equal(readGpl(long).colors.length, 256);
  assert.equal(readGpl(long).name.length, 60);
});
