// An op as plain JSON, the form of tests/data/op-vectors.json; what does not fit a number is a string.

export function opToJson(op) {
  if (op.kind !== 'stroke') {
    return op;
  }
  const { points } = op;
  const list = (values) => Array.from(values.subarray(0, points.count));
  return {
    kind: op.kind,
    tool: ['pen', 'marker', 'eraser', 'pencil', 'airbrush', 'fill'][op.tool],
    color: op.color.toString(16).padStart(8, '0'),
    width: op.width,
    level: op.origin.level,
    tile: [op.origin.x, op.origin.y],
    ...(op.startMs === null ? {} : { start_ms: String(op.startMs) }),
    ...(op.parts > 1 ? { part: op.part, parts: op.parts } : {}),
    ...(op.contours ? { contours: op.contours } : {}),
    ...(op.text ? { text: op.text } : {}),
    x: list(points.x),
    y: list(points.y),
    ...(op.hasPressure ? { pressure: list(points.pressure) } : {}),
    ...(op.hasTimes ? { dt_ms: list(points.dtMs).slice(1) } : {}),
  };
}
