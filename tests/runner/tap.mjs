// Counts what a test program reported in TAP, which cmocka and node:test both speak.
//
// node:test nests: a test with subtests reports a line of its own after theirs, one level out. Only
// the innermost are counted; an outer one counts only when it failed although all inside passed (a
// hook threw). cmocka 1.1.5 writes a skip as `not ok 3 # SKIP name`, later ones as `ok 3 # SKIP`.

const RESULT = /^( *)(not )?ok\b(?: +\d+)?(?: +-)? *(.*)$/;
const NODE_COMMENT = /^\s*# (Subtest: .*|(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+)$/;
const SKIP = /^(.*?)\s*# SKIP\b:? *(.*)$/i;

// Returns { passed, failed, skipped, failures: [{ name, details }], skips: [text], planned, seen };
// planned and seen are about the outermost level: seen < planned means that the program stopped early.
export function readTap(text) {
  const tally = { passed: 0, failed: 0, skipped: 0, failures: [], skips: [], planned: 0, seen: 0 };
  const inner = new Map(); // indent -> { failed } of the results seen since the last one further out
  let open = null; // the failure whose explanation is being read
  let yamlIndent = -1;
  for (const line of text.split('\n')) {
    const indent = line.search(/\S|$/);
    if (yamlIndent >= 0) {
      if (indent === yamlIndent && line.trim() === '...') {
        yamlIndent = -1;
      } else if (open) {
        open.details.push(line.slice(yamlIndent));
      }
      continue;
    }
    if (line.trim() === '---' && indent % 4 === 2) {
      yamlIndent = indent;
      continue;
    }
    const plan = /^1\.\.(\d+)/.exec(line);
    if (plan) {
      tally.planned += Number(plan[1]);
      continue;
    }
    const result = RESULT.exec(line);
    if (result) {
      open = count(tally, inner, indent, Boolean(result[2]), result[3]);
    } else if (open && /^\s*#/.test(line) && !NODE_COMMENT.test(line)) {
      open.details.push(line.trim().replace(/^# ?/, ''));
    }
  }
  return tally;
}

// Adds one result line; returns the failure that it opened, or null.
function count(tally, inner, indent, isNotOk, label) {
  let isParent = false;
  let hasFailedInside = false;
  for (const [depth, state] of inner) {
    if (depth > indent) {
      isParent = true;
      hasFailedInside ||= state.failed;
      inner.delete(depth);
    }
  }
  const skip = SKIP.exec(label);
  const isFailure = isNotOk && !skip;
  const here = inner.get(indent) ?? { failed: false };
  here.failed ||= isFailure;
  inner.set(indent, here);
  if (indent === 0) {
    tally.seen += 1;
  }
  if (skip && !isParent) {
    tally.skipped += 1;
    tally.skips.push([skip[1], skip[2]].filter(Boolean).join(': '));
  } else if (isFailure && !hasFailedInside) {
    tally.failed += 1;
    const failure = { name: label || '(without a name)', details: [] };
    tally.failures.push(failure);
    return failure;
  } else if (!isFailure && !isParent) {
    tally.passed += 1;
  }
  return null;
}
