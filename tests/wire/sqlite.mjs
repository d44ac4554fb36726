// Reads tables of a SQLite file that no one has open, by the published format: tests look at what the
// server left behind without asking the server, or needing a database library. Tables with rowids only.

import { readFileSync } from 'node:fs';

function varint(bytes, at) {
  let value = 0n;
  for (let i = 0; i < 9; i += 1) {
    const byte = bytes[at + i];
    if (i === 8) {
      return [BigInt.asIntN(64, (value << 8n) | BigInt(byte)), 9];
    }
    value = (value << 7n) | BigInt(byte & 127);
    if (byte < 128) {
      return [value, i + 1];
    }
  }
  return null;
}

const INT_SIZES = [0, 1, 2, 3, 4, 6, 8];

function readValue(payload, at, kind) {
  if (kind === 0) {
    return [null, 0];
  }
  if (kind <= 6) {
    const size = INT_SIZES[kind];
    const value = BigInt.asIntN(size * 8, BigInt(`0x${payload.toString('hex', at, at + size)}`));
    const isSafe = value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER;
    return [isSafe ? Number(value) : value, size];
  }
  if (kind === 7) {
    return [payload.readDoubleBE(at), 8];
  }
  if (kind <= 9) {
    return [kind - 8, 0];
  }
  const size = (kind - (kind % 2 ? 13 : 12)) / 2;
  const bytes = payload.subarray(at, at + size);
  return [kind % 2 ? bytes.toString('utf8') : Buffer.from(bytes), size];
}

function readRow(payload) {
  const [headerSize, skip] = varint(payload, 0);
  const kinds = [];
  for (let at = skip; at < Number(headerSize); ) {
    const [kind, size] = varint(payload, at);
    kinds.push(Number(kind));
    at += size;
  }
  let at = Number(headerSize);
  return kinds.map((kind) => {
    const [value, size] = readValue(payload, at, kind);
    at += size;
    return value;
  });
}

export class SqliteFile {
  constructor(path) {
    this.bytes = readFileSync(path);
    if (this.bytes.toString('latin1', 0, 15) !== 'SQLite format 3') {
      throw new Error(`${path}: not SQLite`);
    }
    const size = this.bytes.readUInt16BE(16);
    this.pageSize = size === 1 ? 65536 : size;
    this.usable = this.pageSize - this.bytes[20];
    this.userVersion = this.bytes.readUInt32BE(60);
    this.applicationId = this.bytes.readUInt32BE(68);
    this.schema = new Map(
      [...this.rowsAt(1)].map(([, [kind, name, , root, sql]]) => [name, { kind, root, sql }]),
    );
  }

  page(number) {
    return this.bytes.subarray((number - 1) * this.pageSize, number * this.pageSize);
  }

  payload(page, at, size) {
    const most = this.usable - 35;
    if (size <= most) {
      return page.subarray(at, at + size);
    }
    const least = Math.floor(((this.usable - 12) * 32) / 255) - 23;
    const fits = least + ((size - least) % (this.usable - 4));
    const local = fits <= most ? fits : least;
    const pieces = [page.subarray(at, at + local)];
    let next = page.readUInt32BE(at + local);
    for (let left = size - local; left > 0; left -= this.usable - 4) {
      const overflow = this.page(next);
      pieces.push(overflow.subarray(4, 4 + Math.min(left, this.usable - 4)));
      next = overflow.readUInt32BE(0);
    }
    return Buffer.concat(pieces);
  }

  // [rowid, values] of each row below the page.
  *rowsAt(number) {
    const page = this.page(number);
    const header = number === 1 ? 100 : 0;
    const kind = page[header];
    const count = page.readUInt16BE(header + 3);
    const isInterior = kind === 5;
    if (!isInterior && kind !== 13) {
      throw new Error(`page ${number} is no table's (${kind})`);
    }
    for (let i = 0; i < count; i += 1) {
      const at = page.readUInt16BE(header + (isInterior ? 12 : 8) + 2 * i);
      if (isInterior) {
        yield* this.rowsAt(page.readUInt32BE(at));
      } else {
        const [size, skip] = varint(page, at);
        const [rowid, more] = varint(page, at + skip);
        yield [Number(rowid), readRow(this.payload(page, at + skip + more, Number(size)))];
      }
    }
    if (isInterior) {
      yield* this.rowsAt(page.readUInt32BE(header + 8));
    }
  }

  // Rows as objects by column name, in rowid order; an INTEGER PRIMARY KEY is the rowid.
  rows(table) {
    return [...this.each(table)];
  }

  *each(table) {
    const { root, sql } = this.schema.get(table);
    const inside = sql.slice(sql.indexOf('(') + 1, sql.lastIndexOf(')')).replace(/\([^)]*\)/g, '');
    const columns = inside.split(',').map((column) => column.trim())
      .filter((column) => !/^(UNIQUE|PRIMARY|FOREIGN|CHECK|CONSTRAINT)\b/i.test(column));
    for (const [rowid, values] of this.rowsAt(root)) {
      yield Object.fromEntries(columns.map((column, i) => {
        const name = column.split(/\s+/)[0].replaceAll('"', '');
        return [name, /INTEGER PRIMARY KEY/i.test(column) ? rowid : (values[i] ?? null)];
      }));
    }
  }
}
