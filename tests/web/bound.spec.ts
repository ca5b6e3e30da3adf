// The bound of the finished image: its terms come live, are the core's, mark the step and lead to it.
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { MARGIN } from "../../web/src/draw/steps-axis";
import { coreCopy } from "./core-copy";
import { expect, finish, openLive, openRecording, pause, seek, settled, slide, test, title } from "./page";

const panel = (page: Page) => page.locator("#bound");
const total = (page: Page) => page.locator("#bound-total");
const now = (page: Page) => page.locator("#bound-now");
const chart = (page: Page, name: "costs" | "entropies") => page.locator(`#bound-${name}`);

async function openBound(page: Page, settings = "steps=8"): Promise<void> {
  await openLive(page, settings);
  await pause(page);
  await finish(page);
  await panel(page).scrollIntoViewIfNeeded();
  await expect(total(page)).toContainText("bits/dim =");
}

/** What another copy of the core says of these settings' bound. */
async function coreSays(page: Page, settings: string): Promise<{ said: string; steps_said: string[] }> {
  return (await coreCopy(page, settings)).evaluate((core) => {
    const last = JSON.parse(core.UTF8ToString(core._ud_run())).steps - 1;
    while (core._ud_compute(last) === 0);
    while (core._ud_bound(0) === 0);
    return JSON.parse(core.UTF8ToString(core._ud_bound_curve()));
  });
}

const painted = (page: Page, name: "costs" | "entropies") =>
  chart(page, name).evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());

test("says when its terms come, and then what the core says", async ({ page }) => {
  await openLive(page, "steps=8");
  await pause(page);
  await seek(page, 2);
  await panel(page).scrollIntoViewIfNeeded();
  await expect(total(page)).toContainText("when the run has reached its image");
  await finish(page);
  await panel(page).scrollIntoViewIfNeeded(); // nothing is computed that nobody sees
  await expect(total(page)).toContainText("bits/dim =");
  const expected = await coreSays(page, "steps=8");
  await expect(total(page)).toHaveText(expected.said);
  await expect(now(page)).toHaveText(expected.steps_said[7]!);
  await seek(page, 3);
  await expect(now(page)).toHaveText(expected.steps_said[3]!);
});

test("marks the step on show, and a click on a chart leads to its step", async ({ page }) => {
  await openBound(page);
  for (const name of ["costs", "entropies"] as const) {
    await seek(page, 1);
    const before = await painted(page, name);
    const box = (await chart(page, name).boundingBox())!;
    await chart(page, name).click({
      position: { x: MARGIN + (5.5 / 8) * (box.width - MARGIN), y: box.height / 2 },
    });
    await settled(page);
    await expect(title(page)).toContainText("Step 6 of 8");
    await expect(now(page)).toContainText("Step 6:");
    expect(await painted(page, name)).not.toBe(before);
  }
});

test("another run has another bound", async ({ page }) => {
  await openBound(page);
  const before = await total(page).textContent();
  await slide(page, "Steps", 6);
  await expect(title(page)).toContainText("of 6");
  await finish(page);
  await panel(page).scrollIntoViewIfNeeded();
  await expect(total(page)).toContainText("bits/dim =");
  await expect(total(page)).not.toHaveText(before!);
});

test("needs the network itself, and two steps", async ({ page }) => {
  const release = await openRecording(page);
  await expect(total(page)).toContainText("as soon as the network itself runs");
  release();
  await openLive(page, "steps=1");
  await finish(page);
  await expect(total(page)).toHaveText("The bound needs at least two steps.");
});

test("is accessible", async ({ page }) => {
  await openBound(page);
  const found = await new AxeBuilder({ page }).include("#bound").analyze();
  expect(found.violations).toEqual([]);
});
