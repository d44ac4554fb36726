// Makes esbuild share wisely. It puts what several bundles use into a chunk for each set of bundles: a dozen
// small files at start, each with its own headers and a compression of its own (5 KB in all). So every bundle that is
// loaded later imports the page's first module as well, which ran long before: then all that the start needs has one
// and the same set, and is one chunk.
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

async function sourcesIn(folder) {
  const entries = await readdir(folder, { withFileTypes: true });
  const found = await Promise.all(
    entries.map((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? sourcesIn(path) : [path];
    }),
  );
  return found.flat().filter((path) => path.endsWith('.ts'));
}

/** What is loaded by import(...) anywhere in a folder. */
async function loadedLater(folder) {
  const later = new Set();
  for (const path of await sourcesIn(folder)) {
    const code = await readFile(path, 'utf8');
    for (const [, name] of code.matchAll(/(?<!typeof )\bimport\('(\.[^']+)'\)/g)) {
      later.add(resolve(dirname(path), name));
    }
  }
  return later;
}

/** For esbuild; `main`: the page's first module. */
export function sharedStart(main) {
  return {
    name: 'shared-start',
    async setup(build) {
      const later = await loadedLater(dirname(main));
      build.onLoad({ filter: /\.ts$/ }, async ({ path }) =>
        later.has(path)
          ? { contents: `${await readFile(path, 'utf8')}\nimport ${JSON.stringify(main)};\n`, loader: 'ts' }
          : null,
      );
    },
  };
}
