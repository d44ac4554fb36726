// The past from the command line: moments, who drew what, rollback and its undo, timelapses. Everything is run for real.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import test from 'node:test';
import * as zlib from 'node:zlib';

import { decodePng } from '../wire/png.mjs';
import { getJson, kolam, makeFolder, startServer } from '../wire/process.mjs';

const RECT = ['--rect', '-20,-20,300,120'];

function strokeLine(fields = {}) {
  const stroke = {
    t: null, author: 'Mira', color: '#204080ff', width: 8, tool: 'pen', points: [[0, 0], [40, 30]], ...fields,
  };
  return `${JSON.stringify(stroke)}\n`;
}

// Four strokes: Mira's long line, Tom's across it, Mira's eraser on both, Tom's far from all.
const DRAWING = [
  strokeLine({ points: [[0, 0], [40, 30], [100, 50]] }),
  strokeLine({ author: 'Tom', color: '#ff0000ff', width: 4, tool: 'marker', points: [[0, 50], [100, 0]] }),
  strokeLine({ color: '#000000c0', width: 20, tool: 'eraser', points: [[50, 25]] }),
  strokeLine({ author: 'Tom', color: '#00a000ff', width: 3, points: [[200, 0], [240, 30]] }),
].join('');

async function makeWall(drawing = DRAWING) {
  const folder = makeFolder();
  const data = join(folder, 'data');
  const file = join(folder, 'a.ndjson');
  writeFileSync(file, drawing);
  const run = await kolam(['import', '--data', data, file]);
  assert.equal(run.code, 0, run.stderr);
  return { folder, data, file, from: ['--data', data], at: (name) => join(folder, name) };
}

// Runs a verb that has to succeed, quietly.
async function does(args, options) {
  const run = await kolam(args, options);
  assert.equal(run.code, 0, run.stderr);
  assert.equal(run.stderr, '');
  return run.stdout;
}

// Exactly one line on standard error and this exit status.
async function complains(args, status, words, options) {
  const run = await kolam(args, options);
  assert.equal(run.code, status, run.stderr);
  assert.match(run.stderr, /^kolam[^\n]*\n$/);
  assert.match(run.stderr, words);
  return run.stdout;
}

let pictures = 0;
async function exported(wall, args = []) {
  const path = wall.at(`export-${(pictures += 1)}.png`);
  await does(['export', ...wall.from, ...RECT, ...args, '-o', path]);
  return decodePng(readFileSync(path));
}

function assertSamePixels(a, b, words) {
  assert.equal(a.width, b.width);
  assert.equal(a.height, b.height);
  assert.ok(a.rgba.equals(b.rgba), words);
}

function assertOtherPixels(a, b, words) {
  assert.ok(!a.rgba.equals(b.rgba), words);
}

// ---- animated PNG ----

function chunksOf(bytes) {
  const chunks = [];
  for (let at = 8; at < bytes.length;) {
    const size = bytes.readUInt32BE(at);
    const type = bytes.toString('latin1', at + 4, at + 8);
    const data = bytes.subarray(at + 8, at + 8 + size);
    if (zlib.crc32) { // Node 22 and later
      assert.equal(bytes.readUInt32BE(at + 8 + size), zlib.crc32(bytes.subarray(at + 4, at + 8 + size)), `CRC of ${type}`);
    }
    chunks.push({ type, data });
    at += 12 + size;
  }
  return chunks;
}

function toRgba(bytes, channels) {
  const out = Buffer.alloc((bytes.length / channels) * 4, 255);
  for (let i = 0; i < bytes.length / channels; i += 1) {
    bytes.copy(out, i * 4, i * channels, (i + 1) * channels);
  }
  return out;
}

// { width, height, frames: [{ delay, rect, rgba }] }: each frame as a viewer shows it. What the standard demands of the
// chunks' order and numbers is asserted on the way.
function decodeApng(path) {
  const bytes = readFileSync(path);
  const chunks = chunksOf(bytes);
  const header = chunks[0].data;
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const channels = header[9] === 6 ? 4 : 3;
  const control = chunks.findIndex(({ type }) => type === 'acTL');
  assert.ok(control > 0 && control < chunks.findIndex(({ type }) => type === 'IDAT'), 'acTL comes before the pixels');
  const shown = Buffer.alloc(width * height * channels);
  const frames = [];
  let sequence = 0;
  let parts = [];
  const endFrame = () => {
    const frame = frames.at(-1);
    if (!frame) {
      return;
    }
    const raw = zlib.inflateSync(Buffer.concat(parts));
    const stride = frame.width * channels;
    assert.equal(raw.length, frame.height * (stride + 1));
    for (let y = 0; y < frame.height; y += 1) {
      assert.equal(raw[y * (stride + 1)], 0, 'rows are not filtered');
      raw.copy(shown, ((frame.y + y) * width + frame.x) * channels, y * (stride + 1) + 1, (y + 1) * (stride + 1));
    }
    frame.rgba = toRgba(shown, channels);
    parts = [];
  };
  for (const { type, data } of chunks) {
    if (type === 'fcTL') {
      endFrame();
      assert.equal(data.readUInt32BE(0), sequence++);
      const [w, h, x, y] = [4, 8, 12, 16].map((at) => data.readUInt32BE(at));
      assert.ok(w > 0 && h > 0 && x + w <= width && y + h <= height, 'a frame lies in the picture');
      frames.push({ width: w, height: h, x, y, delay: data.readUInt16BE(20) / data.readUInt16BE(22) });
      assert.deepEqual([data[24], data[25]], [0, 0]);
    } else if (type === 'IDAT') {
      assert.equal(frames.length, 1);
      parts.push(data);
    } else if (type === 'fdAT') {
      assert.ok(frames.length > 1);
      assert.equal(data.readUInt32BE(0), sequence++);
      parts.push(data.subarray(4));
    }
  }
  endFrame();
  assert.equal(chunks.at(-1).type, 'IEND');
  assert.equal(frames.length, chunks[control].data.readUInt32BE(0), 'as many frames as acTL says');
  const texts = chunks.filter(({ type }) => type === 'tEXt').map(({ data }) => data.toString('latin1').split('\0'));
  return { width, height, frames, texts: Object.fromEntries(texts) };
}

// ---- moments ----

test('an export at a moment tells that moment', async () => {
  const wall = await makeWall();
  const [one, two, now] = [await exported(wall, ['--at', '1']), await exported(wall, ['--at', '2']), await exported(wall)];
  assert.equal(one.text['kolam:canvas-seq'], '1');
  assert.equal(two.text['kolam:canvas-seq'], '2');
  assert.equal(now.text['kolam:canvas-seq'], '4');
  assertOtherPixels(one, two);
  assertOtherPixels(two, now);
});

test('moments that are none are refused in one line', async () => {
  const wall = await makeWall();
  const out = ['-o', wall.at('x.png')];
  for (const verb of [['export', ...wall.from, ...RECT, ...out, '--at'],
    ['timelapse', ...wall.from, ...RECT, ...out, '--to'],
    ['rollback', ...wall.from, '--artist', 'Tom', '--dry-run', '--to']]) {
    await complains([...verb, '5'], 1, / 5: .*newest is 4/);
    await complains([...verb, '0'], 1, / 0: nothing had been drawn/);
    await complains([...verb, '2999-01-01'], 1, /in the future/);
    await complains([...verb, '1999-01-01T00:00Z'], 1, /nothing had been drawn/);
    await complains([...verb, 'noon'], 2, /noon is no seq/);
    await complains([...verb, '2026-02-30'], 2, /2026-02-30 is no seq/);
    await complains([...verb, ''], 2, /told nothing/);
  }
  assert.ok(!existsSync(wall.at('x.png')));
});

// ---- blame ----

test('blame names who drew what is under a pixel, newest first', async () => {
  const wall = await makeWall();
  const lines = (await does(['blame', ...wall.from, '--at', '46,28', '--json'])).trim().split('\n').map(JSON.parse);
  assert.deepEqual(lines.map(({ seq, name, tool }) => [seq, name, tool]),
    [[3, 'Mira', 'eraser'], [2, 'Tom', 'marker'], [1, 'Mira', 'pen']]);
  assert.equal(lines[1].color, '#ff0000ff');
  assert.equal(lines[1].width, 4);
  assert.ok(lines.every(({ hidden, time }) => hidden === false && Math.abs(time - Date.now()) < 600000));
  const far = await does(['blame', ...wall.from, '--at', '220,15']);
  assert.match(far, /seq +time +artist/);
  assert.match(far, / 4 +20\S+Z +Tom +pen +#00a000ff +3\n$/);
  const limited = await does(['blame', ...wall.from, '--at', '46,28', '--json', '--limit', '1']);
  assert.equal(limited.trim().split('\n').length, 1);
});

test('blame at another level, with slack, and where nothing is', async () => {
  const wall = await makeWall();
  const far = await does(['blame', ...wall.from, '--at', '27,1', '--level', '-3', '--json']);
  assert.equal(JSON.parse(far).seq, 4);
  assert.match(await does(['blame', ...wall.from, '--at', '215,25']), /nothing was ever drawn there/);
  assert.equal(await does(['blame', ...wall.from, '--at', '215,25', '--json']), '');
  assert.match(await does(['blame', ...wall.from, '--at', '215,25', '--slack', '16']), /Tom/);
});

test('blame refuses what is no pixel', async () => {
  const wall = await makeWall();
  await complains(['blame', ...wall.from], 2, /--at X,Y is needed/);
  for (const at of ['1', '1,', ',1', '1,2,3', '1.5,2', 'a,b', '99999999999,0', '99999999999999999999,0']) {
    await complains(['blame', ...wall.from, '--at', at], 2, /is no X,Y/);
  }
  await complains(['blame', ...wall.from, '--at', '1,1', '--level', '25'], 2, /--level 25/);
  await complains(['blame', ...wall.from, '--at', '1,1', '--limit', '0'], 2, /--limit 0/);
  await complains(['blame', ...wall.from, '--canvas', 'none', '--at', '1,1'], 1, /no canvas none/);
  await complains(['blame', '--data', wall.at('no'), '--at', '1,1'], 1, /no/);
});

// ---- rollback ----

test('rollback hides one artist, everybody else stays, and undo brings the exact picture back', async () => {
  const wall = await makeWall();
  const before = await exported(wall);
  const args = ['rollback', ...wall.from, '--artist', 'Tom'];
  assert.match(await does([...args, '--dry-run']), /^ +2 {2}Tom \(artist 2\)\n2 strokes would be hidden\n$/);
  assertSamePixels(await exported(wall), before, 'a dry run does nothing');
  const told = await does([...args, '--yes']);
  assert.match(told, /^ +2 {2}Tom \(artist 2\)\nhidden: seq 5\nto undo it: kolam rollback --undo 5\n$/);

  const only = await makeWall(DRAWING.split('\n').filter((line) => !line.includes('"Tom"')).join('\n'));
  assertSamePixels(await exported(wall), await exported(only), 'as if Tom had never drawn');
  assertSamePixels(await exported(wall, ['--at', '4']), before, 'the past stays');
  assert.match(await does(['blame', ...wall.from, '--at', '220,15']), /Tom .* hidden\n/);
  assert.match(await does([...args, '--yes']), /nothing to hide/);

  assert.match(await does(['rollback', ...wall.from, '--undo', '5', '--yes']), /^shown again: seq 6\n$/);
  assertSamePixels(await exported(wall), before, 'undone to the bit');
  assert.match(await does(['check', ...wall.from]), /^main: 6 ops.* no problems/);
});

test('rollback keeps to the rectangle and the span', async () => {
  const wall = await makeWall();
  const count = async (...args) =>
    Number(/(\d+) strokes would|nothing to hide/.exec(
      await does(['rollback', ...wall.from, '--dry-run', ...args]))[1] ?? 0);
  assert.equal(await count('--artist', '1', '--artist', '2'), 4);
  assert.equal(await count('--artist', 'Tom', '--rect', '190,-10,100,100'), 1);
  assert.equal(await count('--artist', 'Tom', '--rect', '0,0,10.25,10'), 0, 'the box alone is no ink');
  assert.equal(await count('--artist', 'Mira', '--from', '2'), 1);
  assert.equal(await count('--artist', 'Mira', '--to', '2'), 1);
  assert.equal(await count('--artist', 'Mira', '--from', '2', '--to', '2'), 0);
  assert.equal(await count('--artist', 'Mira', '--from', '2020-01-01'), 2);
});

// A scribble of 20,000 points is several ops: who points at it or rolls it back means all of it.
test('a long stroke is one: to blame, and to rollback of a part of it', async () => {
  const scribble = Array.from({ length: 20000 }, (_, i) => [i / 10, 20 + 10 * (i % 2)]);
  const wall = await makeWall(strokeLine() + strokeLine({ author: 'Tom', color: '#ff0000ff', points: scribble }));
  const [long] = (await does(['blame', ...wall.from, '--at', '1900,25', '--json'])).trim().split('\n').map(JSON.parse);
  assert.equal(long.points, 20000 + long.parts - 1, 'parts share the point between them');
  assert.ok(long.parts > 1);
  assert.equal(long.seq, 1 + long.parts);
  assert.match(await does(['blame', ...wall.from, '--at', '1900,25']), new RegExp(`^.*\\n.*Tom.* in ${long.parts} parts\\n$`));
  const args = ['rollback', ...wall.from, '--artist', 'Tom', '--rect', '1000,0,20,50'];
  assert.match(await does([...args, '--yes']), /^ +1 {2}Tom \(artist 2\)\nhidden: seq /);
  assert.match(await does(['blame', ...wall.from, '--at', '5,25']), /Tom .* hidden {2}in/);
  assert.match(await does([...args, '--dry-run']), /nothing to hide/);
});

test('rollback asks before it does anything', async () => {
  const wall = await makeWall();
  const args = ['rollback', ...wall.from];
  await complains([...args, '--artist', 'Tom'], 2, /--yes/);
  await complains([...args, '--yes'], 2, /--artist/);
  await complains([...args, '--artist', 'Tim', '--yes'], 1, /no artist 'Tim'/);
  await complains([...args, '--artist', '3', '--yes'], 1, /no artist '3'/);
  await complains([...args, '--artist', 'Tom', '--rect', '0,0,0,5', '--yes'], 2, /--rect 0,0,0,5/);
  await complains([...args, '--artist', 'Tom', '--from', '3', '--to', '2', '--yes'], 1, /--from is after --to/);
  await complains([...args, '--undo', '1', '--yes'], 1, /seq 1 hid nothing/);
  await complains([...args, '--undo', '77', '--yes'], 1, /no seq 77/);
  await complains([...args, '--undo', '0', '--yes'], 2, /--undo 0/);
  await complains([...args, '--undo', '5-4', '--yes'], 2, /--undo 5-4/);
  await complains([...args, '--undo', '5', '--artist', 'Tom', '--yes'], 2, /stands alone/);
  await complains(['rollback', '--data', wall.at('no'), '--artist', 'Tom', '--yes'], 1, /no/);
  assert.ok(!existsSync(wall.at('no')), 'a folder that is not there is not made');
  assert.match(await does(['check', ...wall.from]), /^main: 4 ops/);
});

test('two artists of one name are told apart by number', async () => {
  const wall = await makeWall();
  const server = await startServer({ data: wall.data });
  const through = ['rollback', '--server', server.origin, '--admin-token-file', join(wall.data, 'admin.token'), '--yes'];
  for (const artist of ['Tom', 'Mira']) { // each time as somebody new of that name
    assert.match(await does([...through, '--artist', artist]), /hidden: seq \d\nto undo it: kolam admin undo \d --canvas main\n$/);
  }
  await server.stop();
  const args = ['rollback', ...wall.from, '--dry-run', '--artist'];
  await complains([...args, 'kolam rollback'], 1, /more than one artist is called 'kolam rollback' \(3, 4\)/);
  assert.match(await does([...args, '3']), /kolam rollback \(artist 3\)\n.*nothing to hide/);
});

test('a folder in use is not rolled back, but may be counted', async () => {
  const wall = await makeWall();
  const server = await startServer({ data: wall.data });
  await complains(['rollback', ...wall.from, '--artist', 'Tom', '--yes'], 1, new RegExp(`${server.pid}`));
  assert.match(await does(['rollback', ...wall.from, '--artist', 'Tom', '--dry-run']), /2 strokes would be hidden/);
  await server.stop();
});

// ---- timelapse ----

test('an animated PNG begins and ends with exactly those moments', async () => {
  const wall = await makeWall();
  for (const extra of [[], ['--scale', '0.7'], ['--scale', '0.5', '--ground', '#fff0e0']]) {
    const out = wall.at('t.png');
    assert.equal(await does(['timelapse', ...wall.from, ...RECT, ...extra, '--seconds', '2', '--fps', '10', '-o', out]), '');
    const { frames, width, height, texts } = decodeApng(out);
    assert.equal(frames.length, 4, 'a frame for each state');
    assert.ok(Math.abs(frames.reduce((sum, { delay }) => sum + delay, 0) - 2) < 1e-9, 'as long as asked for');
    assert.equal(texts['kolam:canvas-seq'], '1-4');
    for (const [i, frame] of frames.entries()) {
      assertSamePixels({ width, height, rgba: frame.rgba }, await exported(wall, [...extra, '--at', String(i + 1)]),
        `frame ${i} is the wall after op ${i + 1} (${extra})`);
    }
    assert.ok(frames.slice(1).every((frame) => frame.width * frame.height < (width * height) / 2),
      'later frames hold what changed');
    assertSamePixels(decodePng(readFileSync(out)), await exported(wall, [...extra, '--at', '1']),
      'who knows no animation shows the first');
  }
});

test('what was undone on the way is seen, and is gone at the end', async () => {
  const wall = await makeWall();
  await does(['rollback', ...wall.from, '--artist', 'Tom', '--yes']);
  const out = wall.at('t.png');
  await does(['timelapse', ...wall.from, ...RECT, '--seconds', '1', '--fps', '20', '-o', out]);
  const { frames, width, height } = decodeApng(out);
  assertSamePixels({ width, height, rgba: frames.at(-1).rgba }, await exported(wall), 'the end is now');
  assertSamePixels({ width, height, rgba: frames.at(-2).rgba }, await exported(wall, ['--at', '4']), 'Tom was there');
});

test('a span, many strokes, hides between: every frame of many is an export', async () => {
  let drawing = '';
  for (let i = 0; i < 120; i += 1) {
    drawing += strokeLine({
      author: ['Mira', 'Tom', 'Ada'][i % 3], color: ['#c02020a0', '#2020c0ff', '#20a040c0'][i % 3], width: 3 + (i % 11),
      tool: ['pen', 'marker', 'pen', 'pen', 'eraser'][i % 5],
      points: [[(i * 37) % 280, (i * 13) % 90], [(i * 71) % 280, (i * 29) % 90], [(i * 53) % 280, (i * 7) % 90]],
    });
  }
  const wall = await makeWall(drawing);
  await does(['rollback', ...wall.from, '--artist', 'Ada', '--to', '60', '--yes']);
  await does(['rollback', ...wall.from, '--undo', '121', '--yes']);
  await does(['rollback', ...wall.from, '--artist', 'Tom', '--rect', '0,0,90,90', '--yes']);
  const folder = wall.at('frames');
  await does(['timelapse', ...wall.from, ...RECT, '--scale', '0.9', '--from', '40', '--seconds', '1', '--fps', '12',
    '-o', `${folder}/`]);
  const names = readdirSync(folder).sort();
  assert.deepEqual(names, Array.from({ length: 12 }, (_, i) => `frame-${String(i + 1).padStart(5, '0')}.png`));
  for (const name of names) {
    const frame = decodePng(readFileSync(join(folder, name)));
    const seq = frame.text['kolam:canvas-seq'];
    assertSamePixels(frame, await exported(wall, ['--scale', '0.9', '--at', seq]), `${name} is seq ${seq}`);
  }
  await complains(['timelapse', ...wall.from, ...RECT, '-o', `${folder}/`], 1, /not empty/);
});

test('frames by time have the same ends', async () => {
  const wall = await makeWall();
  const out = wall.at('t.png');
  await does(['timelapse', ...wall.from, ...RECT, '--by', 'time', '--seconds', '0.5', '-o', out]);
  const { frames, width, height } = decodeApng(out);
  assertSamePixels({ width, height, rgba: frames.at(-1).rgba }, await exported(wall), 'the end is now');
});

test('a video is what ffmpeg makes of every frame', async () => {
  const wall = await makeWall();
  // Stands in for ffmpeg: its output is the frames and its arguments.
  const bin = wall.at('bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'ffmpeg'), '#!/bin/sh\nfor last; do :; done\ncat > "$last"\necho "$*" > "$0.args"\n');
  chmodSync(join(bin, 'ffmpeg'), 0o755);
  const env = { PATH: `${bin}${delimiter}${process.env.PATH}` };
  const out = wall.at('t.webm');
  await does(['timelapse', ...wall.from, ...RECT, '--seconds', '1', '--fps', '8', '-o', out], { env });
  const raw = readFileSync(out);
  assert.equal(raw.length, 8 * 300 * 120 * 4);
  const white = await exported(wall, ['--ground', '#ffffff']);
  assert.ok(raw.subarray(-300 * 120 * 4).equals(white.rgba), 'the last frame, on white');
  assert.match(readFileSync(join(bin, 'ffmpeg.args'), 'utf8'), /-s 300x120 -r 8 .*-f webm/);

  writeFileSync(join(bin, 'ffmpeg'), '#!/bin/sh\nexit 3\n');
  await complains(['timelapse', ...wall.from, ...RECT, '-o', wall.at('u.mp4')], 1, /ffmpeg failed \(exit status 3\)/, { env });
  await complains(['timelapse', ...wall.from, ...RECT, '-o', wall.at('u.mp4')], 1, /needs ffmpeg.*apt install ffmpeg/,
    { env: { PATH: wall.at('empty') } });
  // It may end in the middle of the frames or after them, by itself or by a signal, with words or without.
  const half = 'for last; do :; done\nhead -c 100000 > "$last"\n';
  for (const [script, words] of [
    [`${half}echo 'no such encoder' >&2; echo 'more words' >&2; exit 1`, /ffmpeg failed \(exit status 1\): no such encoder\n/],
    [`${half}kill -9 $$`, /ffmpeg was ended by signal 9\n/],
    [`cat > /dev/null\n${half}exit 2`, /ffmpeg failed \(exit status 2\)\n/]]) {
    writeFileSync(join(bin, 'ffmpeg'), `#!/bin/sh\n${script}\n`);
    await complains(['timelapse', ...wall.from, ...RECT, '-o', wall.at('u.mp4')], 1, words, { env });
  }
  assert.deepEqual(readdirSync(wall.folder).filter((name) => /^u\.mp4|part/.test(name)), [], 'nothing half is left');
});

const hasFfmpeg = spawnSync('ffmpeg', ['-version']).status === 0;
for (const [kind, codec] of [['webm', 'vp9'], ['mp4', 'h264']]) {
  test(`a real .${kind} plays from the first to the last moment`, { skip: !hasFfmpeg && 'no ffmpeg here' }, async () => {
    const wall = await makeWall();
    const out = wall.at(`t.${kind}`);
    const odd = ['--rect', '-20,-20,301,121']; /* encoders want even sides */
    await does(['timelapse', ...wall.from, ...odd, '--seconds', '2', '--fps', '10', '-o', out]);
    const told = spawnSync('ffmpeg', ['-hide_banner', '-i', out], { encoding: 'utf8' }).stderr;
    assert.match(told, new RegExp(`Video: ${codec}.*yuv420p\\(tv, bt709.*302x122`));
    const { status, stdout } = spawnSync('ffmpeg', ['-v', 'error', '-i', out, '-f', 'rawvideo', '-pix_fmt', 'rgba', '-'], { maxBuffer: 1 << 28 });
    assert.equal(status, 0);
    const size = 302 * 122 * 4;
    assert.equal(stdout.length, 20 * size, 'two seconds at 10 a second');
    for (const [frame, at] of [[0, ['--at', '1']], [19, []]]) {
      const path = wall.at(`expected-${frame}.png`);
      await does(['export', ...wall.from, ...odd, '--ground', '#ffffff', ...at, '-o', path]);
      const { rgba } = decodePng(readFileSync(path));
      let error = 0;
      for (let y = 0; y < 121; y += 1) {
        for (let i = 0; i < 301 * 4; i += 1) {
          error += Math.abs(stdout[frame * size + y * 302 * 4 + i] - rgba[y * 301 * 4 + i]);
        }
      }
      /* Right ones are 0.1 to 0.5, the wrong end is 2.5. */
      assert.ok(error / (301 * 121 * 4) < 1.5, `frame ${frame} differs by ${error / (301 * 121 * 4)} on average`);
    }
  });
}

test('timelapse refuses what it cannot do', async () => {
  const wall = await makeWall();
  const args = ['timelapse', ...wall.from];
  const out = ['-o', wall.at('x.png')];
  await complains([...args, ...out], 2, /--rect/);
  await complains([...args, ...RECT], 2, /-o OUT/);
  await complains([...args, ...RECT, '-o', wall.at('x.gif')], 2, /no \.png/);
  await complains([...args, '--rect', '0,0,20000,100', ...out], 2, /at most 33177600 pixels/);
  await complains([...args, '--rect', '0,0,8000,8000', ...out], 2, /at most 33177600 pixels/);
  await complains([...args, ...RECT, '--fps', '0', ...out], 2, /--fps 0/);
  await complains([...args, ...RECT, '--seconds', '-1', ...out], 2, /--seconds -1/);
  await complains([...args, ...RECT, '--fps', '100', '--seconds', '1000', ...out], 2, /100000 frames/);
  await complains([...args, ...RECT, '--by', 'day', ...out], 2, /--by day/);
  await complains([...args, ...RECT, '--ground', 'red', ...out], 2, /--ground red/);
  await complains([...args, '--rect', '5000,5000,10,10', ...out], 1, /nothing was drawn there/);
  await complains([...args, ...RECT, '--from', '4', '--to', '2', ...out], 1, /--from is after --to/);
  await complains([...args, '--canvas', 'none', ...RECT, ...out], 1, /no canvas none/);
  await complains([...args, ...RECT, '-o', wall.at('no/x.png')], 1, /No such file/);
  assert.deepEqual(readdirSync(wall.folder).sort(), ['a.ndjson', 'data']);
});

// ---- the same through a server ----

async function startWithDrawing() {
  const wall = await makeWall();
  const server = await startServer({ data: wall.data });
  const admin = ['--admin-token-file', join(wall.data, 'admin.token')];
  return { ...wall, server, admin, from: ['--server', server.origin] };
}

test('through a server: the same exports, blame and timelapse as from the folder', async () => {
  const wall = await startWithDrawing();
  const data = { ...wall, from: ['--data', wall.data] };
  const scaled = ['--scale', '0.7', '--ground', '#ffffff'];
  assertSamePixels(await exported(wall, [...scaled, '--at', '2']), await exported(data, [...scaled, '--at', '2']));
  await complains(['export', ...wall.from, ...RECT, '--at', '9', '-o', wall.at('x.png')], 1, /newest is 4/);
  const at = ['--at', '46,28', '--json'];
  const lines = (text) => text.trim().split('\n').map(JSON.parse);
  assert.deepEqual(lines(await does(['blame', ...wall.from, ...at])), lines(await does(['blame', ...data.from, ...at])));
  for (const [name, from] of [['s.png', wall.from], ['d.png', data.from]]) {
    await does(['timelapse', ...from, ...RECT, ...scaled, '--seconds', '1', '-o', wall.at(name)]);
  }
  const [fromServer, fromData] = ['s.png', 'd.png'].map((name) => decodeApng(wall.at(name)));
  assert.equal(fromServer.frames.length, fromData.frames.length);
  fromServer.frames.forEach((frame, i) => assert.ok(frame.rgba.equals(fromData.frames[i].rgba), `frame ${i}`));
  await does(['timelapse', ...wall.from, ...RECT, '--by', 'time', '--seconds', '0.2', '-o', wall.at('b.png')]);
  await wall.server.stop();
});

test('through a server: rollback and its undo', async () => {
  const wall = await startWithDrawing();
  const before = await exported(wall);
  const token = ['--token-file', wall.at('token')];
  const args = ['rollback', ...wall.from, '--artist', 'Tom'];
  await complains([...args, '--yes'], 2, /--admin-token-file/);
  assert.match(await does([...args, ...wall.admin, '--from', '2020-01-01', '--dry-run']), /2 strokes would be hidden/);
  await complains([...args, ...wall.admin, '--to', '99', '--dry-run'], 1, /newest is 4/);
  await complains(['rollback', ...wall.from, ...wall.admin, '--artist', 'Tim', '--yes'], 1, /no artist 'Tim'/);
  assert.match(await does([...args, ...wall.admin, ...token, '--yes']), /hidden: seq 5\nto undo it: .*--undo 5\n$/);
  assertOtherPixels(await exported(wall), before);
  assert.match(await does(['blame', ...wall.from, '--at', '220,15']), /Tom .*hidden/);
  const undo = ['rollback', ...wall.from, ...wall.admin, '--undo', '5', '--yes'];
  await complains(undo, 2, /--token-file/);
  assert.match(await does([...undo, ...token]), /shown again: seq 7\n/);
  assertSamePixels(await exported(wall), before, 'undone to the bit');
  assert.equal((await getJson(wall.server, '/api/canvas/main')).json.seq, 7);
  await complains([...args, '--yes'], 1, /refused/, { env: { KOLAM_ADMIN_TOKEN: '0'.repeat(64) } });
  await wall.server.stop();
});

test('help tells every option', async () => {
  for (const verb of ['blame', 'rollback', 'timelapse']) {
    const help = await does([verb, '--help']);
    assert.match(help, new RegExp(`^kolam ${verb} `));
    assert.ok(help.split('\n').every((line) => line.length <= 110), `${verb} --help is too wide`);
  }
});
