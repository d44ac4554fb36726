// Reads the text form of /metrics, strictly: what Prometheus would refuse, or only forgive, throws.

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? ([^ ]+)$`);

function unescape(text) {
  return text.replace(/\\(.)/g, (_, c) => ({ n: '\n', '"': '"', '\\': '\\' })[c] ?? fail(`\\${c}`));
}

function fail(what) {
  throw new Error(`not the text form: ${what}`);
}

function labelsOf(text) {
  const labels = {};
  const form = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\.)*)"(,|$)/y;
  while (text && form.lastIndex < text.length) {
    const [, name, value] = form.exec(text) ?? fail(text);
    labels[name] = unescape(value);
  }
  return labels;
}

function numberOf(text) {
  const number = text === '+Inf' ? Infinity : Number(text);
  return Number.isNaN(number) || text === '' ? fail(text) : number;
}

const keyOf = (labels) => JSON.stringify(Object.entries(labels).sort());

function addToHistogram(family, name, base, labels, number) {
  const { le, ...others } = labels;
  const key = Object.keys(others).length === 0 ? '' : keyOf(others);
  const series = family.histograms.get(key) ?? { buckets: [], labels: others };
  family.histograms.set(key, series);
  const part = name.slice(base.length + 1);
  if (part === 'bucket') {
    series.buckets.push([numberOf(le), number]);
  } else {
    series[part] = number;
  }
}

// A map of families: { type, help, samples: Map(labels -> number), histograms: Map(labels -> series) }.
export function families(text) {
  const all = new Map();
  let name;
  if (!text.endsWith('\n')) {
    fail('the last line has no end');
  }
  for (const line of text.slice(0, -1).split('\n')) {
    const [, what, of, rest] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (what === 'HELP') {
      name = all.has(of) ? fail(`${of} twice`) : of;
      all.set(name, { help: rest, samples: new Map(), histograms: new Map() });
    } else if (what === 'TYPE') {
      all.get(of === name ? of : fail(line)).type = rest;
    } else {
      const [, sample, labels, number] = SAMPLE.exec(line) ?? fail(line);
      const family = all.get(name);
      const isHistogram = family.type === 'histogram';
      if (isHistogram ? !/^_(bucket|sum|count)$/.test(sample.slice(name.length)) || !sample.startsWith(name) : sample !== name) {
        fail(`${sample} under ${name}`);
      }
      if (isHistogram) {
        addToHistogram(family, sample, name, labelsOf(labels), numberOf(number));
      } else {
        const key = keyOf(labelsOf(labels));
        family.samples.set(family.samples.has(key) ? fail(line) : key, numberOf(number));
      }
    }
  }
  return all;
}

export function value(all, name, labels = {}) {
  return all.get(name)?.samples.get(keyOf(labels));
}
