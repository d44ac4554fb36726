// What the scripts that make pictures share: a server of their own, and a wall on which a few artists have drawn kolams.

const { spawn, spawnSync } = require('node:child_process');
const { writeFileSync } = require('node:fs');
const { join, resolve } = require('node:path');

const root = resolve(__dirname, '../..');
const binary = process.env.KOLAM_BIN || join(root, 'build/kolam');
const { chromium } = require(join(root, 'web/node_modules/playwright-core'));

// A kolam as a mirror curve: dots stand at odd places of a lattice, the line runs diagonally between
// them, turns at the border and at the mirrors, and comes back to where it began. Each diagonal of a
// unit square is walked once.
function mirrorCurve(columns, rows, mirrors) {
  const [width, height] = [2 * columns, 2 * rows];
  const walked = new Set();
  const diagonal = (x, y, dx, dy) => `${Math.min(x, x + dx)},${Math.min(y, y + dy)},${dx * dy}`;
  const loops = [];
  for (let startY = 0; startY < height; startY += 1) {
    for (let startX = 1 - (startY % 2); startX < width; startX += 2) {
      let [x, y, dx, dy] = [startX, startY, 1, 1];
      const loop = [];
      while (!walked.has(diagonal(x, y, dx, dy))) {
        walked.add(diagonal(x, y, dx, dy));
        loop.push([x, y]);
        [x, y] = [x + dx, y + dy];
        const mirror = mirrors.get(`${x},${y}`);
        dx = x === 0 || x === width || mirror === '|' ? -dx : dx;
        dy = y === 0 || y === height || mirror === '-' ? -dy : dy;
      }
      if (loop.length > 2) {
        loops.push(loop);
      }
    }
  }
  return loops;
}

// Chaikin's corner cutting on a closed line, closed again at the end.
function rounded(loop, times) {
  let points = loop;
  for (let i = 0; i < times; i += 1) {
    points = points.flatMap(([x, y], k) => {
      const [nextX, nextY] = points[(k + 1) % points.length];
      return [
        [0.75 * x + 0.25 * nextX, 0.75 * y + 0.25 * nextY],
        [0.25 * x + 0.75 * nextX, 0.25 * y + 0.75 * nextY],
      ];
    });
  }
  return [...points, points[0]];
}

function kolam({ author, color, x, y, columns, rows, cell, mirrors = new Map(), fill }) {
  const place = ([latticeX, latticeY]) => [x + (latticeX * cell) / 2, y + (latticeY * cell) / 2];
  const strokes = [];
  if (fill) {
    const middle = [columns * cell, rows * cell].map((size) => size / 2);
    const ring = Array.from({ length: 49 }, (_, i) => [
      x + middle[0] + middle[0] * 0.86 * Math.cos((i * Math.PI) / 24),
      y + middle[1] + middle[1] * 0.86 * Math.sin((i * Math.PI) / 24),
    ]);
    strokes.push({ author, color: fill, width: cell * 0.7, tool: 'marker', points: ring });
  }
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const dot = place([2 * column + 1, 2 * row + 1]);
      strokes.push({ author, color: '#444444ff', width: cell * 0.14, tool: 'pen', points: [dot] });
    }
  }
  for (const loop of mirrorCurve(columns, rows, mirrors)) {
    const points = rounded(loop, 3).map(place).map(([px, py], i, all) => {
      // A hand presses a little more in the middle of what it draws.
      const pressure = 0.75 + 0.25 * Math.sin((Math.PI * 12 * i) / all.length);
      return [px, py, Number(pressure.toFixed(3))];
    });
    strokes.push({ author, color, width: cell * 0.11, tool: 'pen', points });
  }
  return strokes;
}

// Four mirrors, and their turns about the middle of a square of `size` dots.
function turned(mirrors, size) {
  const all = new Map();
  for (let [[x, y], mirror] of mirrors) {
    for (let turn = 0; turn < 4; turn += 1) {
      all.set(`${x},${y}`, mirror);
      [x, y, mirror] = [2 * size - y, x, mirror === '|' ? '-' : '|'];
    }
  }
  return all;
}

function wall() {
  const rose = turned([[[4, 3], '|'], [[6, 3], '|'], [[2, 5], '-']], 5);
  const knot = turned([[[6, 3], '|'], [[4, 5], '-'], [[6, 1], '|']], 6);
  return [
    kolam({ author: 'Meena', color: '#c2185bff', x: -560, y: -300, columns: 5, rows: 5, cell: 66, mirrors: rose, fill: '#ffd54f66' }),
    kolam({ author: 'Arun', color: '#1565c0ff', x: -165, y: -300, columns: 6, rows: 6, cell: 56, mirrors: knot }),
    kolam({ author: 'Kavya', color: '#2e7d32ff', x: 240, y: -300, columns: 5, rows: 5, cell: 66, fill: '#80deea66' }),
    kolam({ author: 'Selvi', color: '#6a1b9aff', x: -520, y: 90, columns: 7, rows: 4, cell: 36 }),
  ];
}

// Somebody who scribbles over the second kolam, and somebody who mends it meanwhile.
function scribbles() {
  const line = (y, lift) => Array.from({ length: 60 }, (_, i) => [
    -190 + i * 6.6, y + Math.sin(i / 2.2) * lift,
  ]);
  const by = (author, color, width, points) => ({ author, color, width, tool: 'marker', points });
  return [
    ...[-250, -170, -90].map((y) => by('Passer-by', '#37474f', 20, line(y, 46))),
    by('Arun', '#1565c0', 6, [[-140, 60], [-20, 82], [120, 60]]),
    by('Passer-by', '#37474f', 20, line(-20, 46)),
  ];
}

function startServer(folder) {
  const server = spawn(binary, ['serve', '--listen', '127.0.0.1:0', '--data', join(folder, 'data')]);
  return new Promise((done, fail) => {
    let output = '';
    const read = (chunk) => {
      output += chunk;
      const address = /http:\/\/[\d.]+:\d+/.exec(output);
      if (address) {
        done({ server, address: address[0] });
      }
    };
    server.stdout.on('data', read);
    server.stderr.on('data', read);
    server.on('exit', (status) => fail(new Error(`kolam serve ended with ${status}:\n${output}`)));
  });
}

function importStrokes(address, folder, strokes) {
  const file = join(folder, 'strokes.ndjson');
  writeFileSync(file, `${strokes.map((stroke) => JSON.stringify({ t: null, ...stroke })).join('\n')}\n`);
  const imported = spawnSync(binary, [
    'import', '--server', address, '--admin-token-file', join(folder, 'data/admin.token'), file,
  ]);
  if (imported.status !== 0) {
    throw new Error(`kolam import failed:\n${imported.stderr}`);
  }
}

function launch() {
  return chromium.launch({
    executablePath: process.env.KOLAM_CHROMIUM || '/usr/bin/chromium',
    args: process.getuid() === 0 ? ['--no-sandbox'] : [],
  });
}

module.exports = { importStrokes, launch, root, scribbles, startServer, wall };
