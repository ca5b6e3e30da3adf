#!/usr/bin/env node
// How soon the page shows something, how soon its first live step, and what it downloads for that:
// a new browser profile each time, the built dist/ served locally. Prints minimum, median, maximum.
//
// usage: node bench.mjs [runs]      (UNDIFFUSE_CHROMIUM names another browser)
import { chromium } from "@playwright/test";
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const RUNS = Number(process.argv[2] ?? 7);
const FLAGS = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking"];

function serve() {
  const script = fileURLToPath(new URL("serve.mjs", import.meta.url));
  const server = spawn(process.execPath, [script, "--port", "0"], { stdio: ["ignore", "pipe", "inherit"] });
  return new Promise((resolve) => {
    server.stdout.on("data", (text) => resolve({ server, url: /http\S+/.exec(String(text))[0] }));
  });
}

async function measure(url) {
  const browser = await chromium.launch({
    executablePath: process.env.UNDIFFUSE_CHROMIUM ?? "/usr/bin/chromium",
    args: [...FLAGS, "--disable-component-update", "--disable-sync"],
  });
  const page = await browser.newPage();
  const network = await page.context().newCDPSession(page);
  let bytes = 0;
  await network.send("Network.enable");
  network.on("Network.loadingFinished", (event) => (bytes += event.encodedDataLength));
  await page.goto(url);
  await page.waitForFunction(() => performance.getEntriesByName("first-live-step").length > 0);
  const at = (name) => page.evaluate((mark) => performance.getEntriesByName(mark)[0].startTime, name);
  const times = { picture: await at("first-picture"), live: await at("first-live-step") };
  const inWorker = await page
    .workers()[0]
    .evaluate(() =>
      performance.getEntriesByType("resource").reduce((sum, entry) => sum + entry.transferSize, 0),
    );
  await browser.close();
  return { ...times, bytes: bytes + inWorker };
}

function spread(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return [sorted[0], sorted[Math.floor(sorted.length / 2)], sorted[sorted.length - 1]];
}

const { server, url } = await serve();
const results = [];
for (let i = 0; i < RUNS; ++i) results.push(await measure(url));
server.kill();
const line = (name, values, unit, digits = 0) =>
  console.log(
    `${name.padEnd(22)}${spread(values)
      .map((value) => value.toFixed(digits).padStart(9))
      .join("")}  ${unit}`,
  );
console.log(`${"".padEnd(22)}${["min", "median", "max"].map((name) => name.padStart(9)).join("")}`);
line(
  "first picture",
  results.map((result) => result.picture),
  "ms after opening",
);
line(
  "first live step",
  results.map((result) => result.live),
  "ms after opening",
);
line(
  "downloaded, gzip",
  results.map((result) => result.bytes / 1e6),
  "MB",
  2,
);
