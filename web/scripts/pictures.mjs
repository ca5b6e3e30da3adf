// The page's pictures in docs/images, taken anew from a page that is being served (./dev demo).
//
// usage: node scripts/pictures.mjs <page's address> <docs/images>     from web/
import { join } from "node:path";
import { chromium } from "@playwright/test";

const [address, folder] = process.argv.slice(2);
if (!folder) throw new Error("usage: node scripts/pictures.mjs <page's address> <docs/images>");
const PATIENCE_MS = 120_000;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});

/** The page with these settings, still, at a step of the run. */
async function open(settings, position) {
  const page = await browser.newPage({
    viewport: { width: 1440, height: 1250 },
    reducedMotion: "reduce",
  });
  page.setDefaultTimeout(PATIENCE_MS);
  await page.goto(`${address}#${settings}`);
  await page.locator("html[data-source=live]").waitFor();
  await seek(page, position);
  return page;
}

async function seek(page, position) {
  await page.getByRole("slider", { name: "Timeline" }).fill(String(position));
  await page.waitForTimeout(500); // nothing moves, but steps on the way may be under way
  await page.waitForFunction(() => !/Computing/.test(document.querySelector("#equation-title").textContent));
  await page.waitForTimeout(1500);
}

const take = (of, name, options = {}) => of.screenshot({ path: join(folder, `${name}.png`), ...options });
const card = (page, title) =>
  page.locator("section.card", { has: page.getByRole("heading", { name: title }) });

async function takeNetwork(page, name) {
  await page.getByRole("button", { name: "network" }).click();
  await page.waitForTimeout(3000);
  await take(page.locator("#network"), name);
}

const page = await open("seed=11", 33);
await take(page, "page");
await take(page.locator("section.hero"), "one-step");
await take(card(page, /^The way so far/), "the-way");
await take(card(page, /^One pixel/), "one-pixel");
await take(card(page, /^What the network said/), "what-follows");
await takeNetwork(await open("seed=11", 24), "network");

const paper = await open("model=mnist-2015&steps=1000&schedule=constant-rate&clip=0&seed=11", 200);
await takeNetwork(paper, "coefficients");

const given = await open("seed=11", 50);
await given.keyboard.press("g");
await given.getByRole("button", { name: "Take the run’s image" }).click();
await given.getByRole("button", { name: "Bottom" }).click();
await given.getByRole("button", { name: "Run with this image" }).click();
await given.locator("#evidence").waitFor();
await seek(given, 50);
await given.evaluate(() => window.scrollTo(0, 0));
const top = await given.locator("section.hero").boundingBox();
const bottom = await given.locator("#given").boundingBox();
const clip = { ...top, height: bottom.y + bottom.height - top.y };
await take(given, "given", { clip, fullPage: true });

await browser.close();
