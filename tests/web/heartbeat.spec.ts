// The heartbeat's page: its run, the step count, the rasters, the followed sequence, and the bound's lines.
import type { Page } from "@playwright/test";
import { expect, expectAccessible, test } from "./page";

const title = (page: Page) => page.locator("#bits-title");
const lines = (page: Page) => page.locator("#bound-lines dd");

async function open(page: Page, controls = "steps=20"): Promise<void> {
  await page.goto(`/heartbeat.html#${controls}`);
  await ready(page);
  const pause = page.getByRole("button", { name: "Pause" });
  if (await pause.isVisible()) await pause.click();
  await page.getByRole("button", { name: "Restart" }).click();
}

const ready = (page: Page) => expect(page.locator("html")).toHaveAttribute("data-source", "live");

const picture = (page: Page, id: string) =>
  page.locator(id).evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());

/** How many of the 64 are heartbeats now. */
const valid = async (page: Page) => Number(/(\d+) of 64/.exec((await title(page).textContent())!)![1]);

async function end(page: Page): Promise<void> {
  const timeline = page.getByRole("slider", { name: "Timeline" });
  await timeline.fill((await timeline.getAttribute("max"))!);
  await expect(title(page)).toContainText("Done");
}

test("bits walk to heartbeats: nearly all of them in small steps, fewer in large ones", async ({ page }) => {
  await open(page, "steps=2000");
  await expect(title(page)).toHaveText(/^Step 1 of 2000 · t = 2000 → 1999 · \d of 64 are heartbeats$/);
  const noise = await picture(page, "#bits");
  await end(page);
  expect(await picture(page, "#bits")).not.toBe(noise);
  expect(await valid(page)).toBeGreaterThan(59); // 99.7 % of 1,000 (weights/toys/measured.json)
  await open(page, "steps=4");
  await end(page);
  expect(await valid(page)).toBeLessThan(45);
});

test("the raster holds the bits, and the chances lead from one state to the next", async ({ page }) => {
  await open(page);
  const flips = await picture(page, "#flips");
  await page.getByRole("button", { name: "Step", exact: true }).click();
  await expect(title(page)).toHaveText(/^Step 2 of 20 /);
  await expect(page.locator("#flips-title")).toContainText("t = 1895 → 1790");
  expect(await picture(page, "#flips")).not.toBe(flips);
});

test("a click on a row follows its sequence, and a click on its history goes there", async ({ page }) => {
  await open(page);
  const before = await picture(page, "#history");
  const box = (await page.locator("#bits").boundingBox())!;
  await page.locator("#bits").click({ position: { x: 0.6 * box.width, y: (4.5 / 16) * box.height } });
  await expect(page.locator("#history-title")).toHaveText(/^Sequence 37, /); // 16 rows, the third block
  expect(await picture(page, "#history")).not.toBe(before);
  const history = (await page.locator("#history").boundingBox())!;
  await page.locator("#history").click({ position: { x: history.width / 2, y: 5 } });
  await expect(title(page)).toHaveText(/^Step 11 of 20 /);
});

test("K stands beside its reference lines, in their order", async ({ page }) => {
  await open(page);
  await expect(lines(page)).toHaveCount(6);
  const [data, best, model, gap, paper, none] = (await lines(page).allTextContents()).map((text) =>
    Number(text.replace("−", "-").split(" ")[0]),
  ) as [number, number, number, number, number, number];
  expect(data).toBeCloseTo(Math.log2(1 / 5), 3);
  expect(best).toBeLessThan(data);
  expect(model).toBeLessThan(best);
  expect(best - model).toBeCloseTo(gap, 2); // each rounded to three digits
  expect(model).toBeGreaterThan(none);
  expect(paper).toBe(-2.414);
});

test("the address holds steps and seed", async ({ page }) => {
  await open(page, "steps=30&seed=7");
  await expect(title(page)).toContainText("of 30");
  await expect(page.getByLabel("Seed")).toHaveValue("7");
  const seven = await picture(page, "#bits");
  await page.getByLabel("Seed").fill("8");
  await page.getByLabel("Seed").press("Enter");
  await expect(page).toHaveURL(/#steps=30&seed=8$/);
  await ready(page);
  await page.getByRole("button", { name: "Restart" }).click();
  expect(await picture(page, "#bits")).not.toBe(seven);
});

test("it is accessible, light and dark, and fits a phone", async ({ page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await open(page);
  await expect(lines(page)).toHaveCount(6);
  await expectAccessible(page);
});
