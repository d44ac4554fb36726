// How the results of run.mjs are told: a line for each program as it ends, and the table of the documentation.

export const DOUBLED = ['latency_ms', 'ack_ms']; // what must not be more than twice as long

export const ratio = (row, what, q) => row.beside[what]?.[q] / Math.max(1, row.calm[what]?.[q]);
export const cell = (value, digits = 1) => (Number.isFinite(value) ? value.toFixed(digits) : '-');
const percent = (share) => cell(share * 100, 0);
const change = (row, what, q) => `${cell(row.calm[what]?.[q])} -> ${cell(row.beside[what]?.[q])}`;

export function line(row) {
  const { alone, used, attacker } = row.cpu;
  return `${row.name.padEnd(20)} op p50 ${change(row, 'latency_ms', 'p50').padEnd(16)} x${cell(ratio(row, 'latency_ms', 'p50')).padEnd(5)}` +
    ` p99 ${change(row, 'latency_ms', 'p99').padEnd(18)} ack p50 ${change(row, 'ack_ms', 'p50').padEnd(16)} x${cell(ratio(row, 'ack_ms', 'p50')).padEnd(5)}` +
    ` memory +${cell(row.grown_mb, 0)} MB (${cell(row.peak_mb, 0)})  ${row.problems.length > 0 ? `NOT WELL: ${row.problems.join('; ')}` : 'well'}` +
    `\n${''.padEnd(21)}% of a core: loop ${percent(alone.loop)} -> ${percent(used.loop)}, workers and log ${percent(alone.others)} -> ${percent(used.others)}, attacker ${percent(attacker)}` +
    `; it began ${row.tally.begun ?? row.tally.rounds}${row.tally.refused ? `, was thrown out ${row.tally.refused}` : ''}` +
    `${row.limits.length > 0 ? `\n${''.padEnd(21)}reached: ${row.limits.join(', ')}` : ''}`;
}

const columns = ['program', 'op p50, ms', 'times', 'ACK p50, ms', 'times', 'op p99, ms', 'memory grew, MB', 'loop, % of a core', 'workers and log', 'limits reached'];

// Markdown; the widest multiple of a median first.
export function table(rows) {
  const cells = [...rows].sort((a, b) => ratio(b, 'latency_ms', 'p50') - ratio(a, 'latency_ms', 'p50')).map((row) => [
    row.name, change(row, 'latency_ms', 'p50'), cell(ratio(row, 'latency_ms', 'p50')), change(row, 'ack_ms', 'p50'), cell(ratio(row, 'ack_ms', 'p50')),
    change(row, 'latency_ms', 'p99'), cell(row.grown_mb, 0), `${percent(row.cpu.alone.loop)} -> ${percent(row.cpu.used.loop)}`,
    `${percent(row.cpu.alone.others)} -> ${percent(row.cpu.used.others)}`, row.limits.map((text) => `\`${text.split(' ')[0]}\``).join(' '),
  ]);
  return `${[columns, columns.map((_, i) => (i === 0 || i === 9 ? '---' : '--:')), ...cells].map((row) => `| ${row.join(' | ')} |`).join('\n')}\n`;
}
