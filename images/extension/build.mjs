// Builds the labextension into the folder given: `node build.mjs built`.
//
// JupyterLab takes any object that keeps the promises of a module-federation container. Ours is
// src/container.ts; what JupyterLab shares is left out of the bundle and asked of it there.
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const SHARED = ["@jupyterlab/*", "@lumino/*"];
const about = JSON.parse(readFileSync("package.json", "utf8"));

async function bundled(entry, options) {
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    charset: "utf8",
    target: "es2022",
    write: false,
    metafile: true,
    loader: { ".css": "text" },
    ...options,
  });
  const [output] = Object.values(result.metafile.outputs);
  const asked = output.imports.filter((each) => each.external).map((each) => each.path);
  return { text: result.outputFiles[0].text, asked: [...new Set(asked)].sort() };
}

async function entry() {
  const plugin = await bundled("src/index.ts", { format: "cjs", external: SHARED });
  const container = await bundled("src/container.ts", {
    format: "iife",
    define: { NAME: JSON.stringify(about.name), ASKED: JSON.stringify(plugin.asked) },
  });
  return `(()=>{const plugin=(require,module)=>{${plugin.text}};${container.text}})();\n`;
}

const [folder] = process.argv.slice(2);
const text = await entry();
const load = `static/entry.${createHash("sha256").update(text).digest("hex").slice(0, 16)}.js`;
rmSync(folder, { recursive: true, force: true });
mkdirSync(join(folder, "static"), { recursive: true });
writeFileSync(join(folder, load), text);
cpSync("schema", join(folder, "schemas", about.name), { recursive: true });
const { name, version, description, license } = about;
const jupyterlab = { extension: true, schemaDir: "schema", _build: { load, extension: "./extension" } };
writeFileSync(
  join(folder, "package.json"),
  JSON.stringify({ name, version, description, license, jupyterlab }, null, 2),
);
writeFileSync(
  join(folder, "install.json"),
  JSON.stringify({ packageManager: "python", packageName: name, uninstallInstructions: "" }, null, 2),
);
