#!/usr/bin/env node
// Serves a folder on localhost with the two headers that threads in WebAssembly need.
//
// usage: node serve.mjs [--port N] [--no-isolation] [folder]      (default: port 8080, dist)
import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createGzip } from "node:zlib";

const { values, positionals } = parseArgs({
  options: { port: { type: "string", default: "8080" }, "no-isolation": { type: "boolean", default: false } },
  allowPositionals: true,
});
const root = resolve(positionals[0] ?? fileURLToPath(new URL("../../dist", import.meta.url)));

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".wasm": "application/wasm",
};

function fileOf(url) {
  const path = decodeURIComponent(new URL(url, "http://localhost").pathname);
  const file = join(root, path.endsWith("/") ? `${path}index.html` : path);
  return file.startsWith(root + sep) && statSync(file, { throwIfNoEntry: false })?.isFile()
    ? file
    : undefined;
}

const server = createServer((request, response) => {
  let file;
  try {
    file = fileOf(request.url ?? "/");
  } catch {
    file = undefined; // an address that is no address
  }
  if (!file) {
    response.writeHead(404, { "Content-Type": "text/plain" }).end("Not found\n");
    return;
  }
  const headers = {
    "Content-Type": TYPES[extname(file)] ?? "application/octet-stream",
    "Cache-Control": "no-cache",
    "X-Full-Length": String(statSync(file).size), // progress in bytes, which gzip hides
  };
  if (!values["no-isolation"]) {
    headers["Cross-Origin-Opener-Policy"] = "same-origin";
    headers["Cross-Origin-Embedder-Policy"] = "require-corp";
  }
  const gzip = /\bgzip\b/.test(request.headers["accept-encoding"] ?? "");
  if (gzip) headers["Content-Encoding"] = "gzip";
  response.writeHead(200, headers);
  const content = createReadStream(file);
  (gzip ? content.pipe(createGzip({ level: 1 })) : content).pipe(response);
});

server.on("error", (error) => {
  const taken = error.code === "EADDRINUSE";
  console.error(taken ? `Port ${values.port} is taken: choose another with --port N.` : error.message);
  process.exit(1);
});
server.listen(Number(values.port), "localhost", () => {
  console.log(`Undiffuse: http://localhost:${server.address().port}/`);
});
