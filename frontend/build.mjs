// Copies what others made into the ui slice: htmx as published, and one sprite of the icons in use.
// `npm run build` writes, `npm run check` fails when what is committed is not what would be written.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "../src/watchkeeper/ui/static/ui/vendor");
const read = (path) => readFileSync(join(here, path), "utf8");
const manifest = (name) => JSON.parse(read(`node_modules/${name}/package.json`));

// The drawing attributes (no fill, round strokes) are in app.css at .wk-i, once instead of eighty times.
function icon(name) {
  const source = read(`node_modules/@tabler/icons/icons/outline/${name}.svg`);
  const shapes = source.match(/<(path|circle|rect|line|polyline)\b[^>]*>/g).filter((shape) => !shape.includes('d="M0 0h24v24H0z"'));
  return `<symbol id="i-${name}" viewBox="0 0 24 24">${shapes.map((shape) => shape.replace(/\s*\/?>$/, "/>")).join("")}</symbol>`;
}

const names = JSON.parse(read("icons.json"));
const sprite = `<svg xmlns="http://www.w3.org/2000/svg">\n${names.map(icon).join("\n")}\n</svg>\n`;
const vendor = (name, files) => ({ name, version: manifest(name).version, licence: manifest(name).license, files });
const outputs = {
  "htmx.min.js": read("node_modules/htmx.org/dist/htmx.min.js"),
  "icons.svg": sprite,
  "LICENSE-htmx.txt": read("node_modules/htmx.org/LICENSE"),
  "LICENSE-tabler-icons.txt": read("node_modules/@tabler/icons/LICENSE"),
  "VENDOR.json": JSON.stringify([
    vendor("@tabler/icons", ["icons.svg", "LICENSE-tabler-icons.txt"]),
    vendor("htmx.org", ["htmx.min.js", "LICENSE-htmx.txt"]),
  ], null, 2) + "\n",
};

mkdirSync(target, { recursive: true });
const stale = [];
for (const [name, text] of Object.entries(outputs)) {
  const path = join(target, name);
  if (!process.argv.includes("--check")) writeFileSync(path, text);
  else if (readFileSync(path, "utf8") !== text) stale.push(name);
}
if (stale.length) {
  console.error(`Not as built: ${stale.join(", ")}. Run npm run build.`);
  process.exit(1);
}
