// Renders Markdown from standard input to HTML as KFP's frontend does: with its library,
// and its options (frontend/src/components/viewers/MarkdownViewer.tsx: no raw HTML, links
// through atoms/ExternalLink.tsx). Argument: the folder of the installed packages.
const { createRequire } = require("node:module");
const { readFileSync } = require("node:fs");

const installed = createRequire(`${process.argv[2]}/package.json`);
const { createElement } = installed("react");
const { renderToStaticMarkup } = installed("react-dom/server");
const Markdown = installed("markdown-to-jsx");

const link = (props) => createElement("a", { ...props, target: "_blank", rel: "noopener" });
const options = { overrides: { a: { component: link } }, disableParsingRawHTML: true };
const text = readFileSync(0, "utf8");
process.stdout.write(renderToStaticMarkup(createElement(Markdown, { options }, text)));
