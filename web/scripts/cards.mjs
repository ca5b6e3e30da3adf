#!/usr/bin/env node
// Makes a page of each model card, beside the models of the site.
//
// usage: node cards.mjs <weights folder> <site folder>
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Marked } from "marked";

const [weights, site] = process.argv.slice(2).map((path) => resolve(path));
const models = JSON.parse(readFileSync(join(weights, "models.json"), "utf8"));

const page = (title, body) => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>${title}</title>
    <link rel="icon" href="data:," />
    <style>
      body { max-width: 48rem; margin: 2rem auto; padding: 0 1rem; font: 16px/1.5 system-ui, sans-serif; }
      table { display: block; overflow-x: auto; border-collapse: collapse; font-size: 14px; }
      th, td { padding: 4px 10px; border: 1px solid #8886; text-align: left; }
      code { overflow-wrap: anywhere; }
    </style>
  </head>
  <body>
${body}
  </body>
</html>
`;

for (const { name } of models.filter(({ name }) => existsSync(join(weights, `${name}.safetensors`)))) {
  const card = readFileSync(join(weights, `${name}.md`), "utf8");
  writeFileSync(join(site, "models", `${name}.html`), page(`Model card: ${name}`, new Marked().parse(card)));
}
