// Brings the client's TypeScript modules into node: bundled by esbuild into memory, then imported.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
export const webRequire = createRequire(join(root, "web", "package.json"));

/** The exports of `web/src/<path>`. */
export async function load(path) {
  const { build } = webRequire("esbuild");
  const result = await build({
    entryPoints: [join(root, "web", "src", path)],
    bundle: true,
    write: false,
    format: "esm",
    platform: "neutral",
    target: "es2022",
  });
  const code = Buffer.from(result.outputFiles[0].contents).toString("base64");
  return import(`data:text/javascript;base64,${code}`);
}
