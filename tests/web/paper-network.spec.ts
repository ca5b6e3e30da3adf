// The 2015 paper's network: no classes, a range of its own, coefficients over time.
import type { Page } from "@playwright/test";
import {
  applied,
  expect,
  finish,
  levels,
  openLive,
  pause,
  seek,
  select,
  settled,
  slider,
  test,
} from "./page";

const AS_TRAINED = "model=mnist-2015&steps=1000&schedule=constant-rate&clip=0&seed=3";

const block = (page: Page, name: string) => page.locator(`#network-graph .block[title^="${name}:"]`);
const basis = (page: Page) => page.locator("#feature-basis");

async function openNetwork(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Open the network" }).click();
  await mapped(page);
}

async function mapped(page: Page): Promise<void> {
  await settled(page);
  await expect(page.locator("#features.pending")).toHaveCount(0);
}

test("choosing it brings its own settings, leaving it gives the others back", async ({ page }) => {
  await openLive(page, "steps=6&class=4&schedule=linear&seed=5");
  await pause(page);
  await select(page, "Model").selectOption("mnist-2015");
  await applied(page, "model=mnist-2015", "steps=1000", "schedule=constant-rate", "clip=0", "class=4");
  await expect(select(page, "Class")).toBeHidden();
  await expect(slider(page, "Guidance")).toBeHidden();
  await select(page, "Model").selectOption("mnist-mean-variance");
  await applied(page, "steps=6", "schedule=linear", "class=4", "seed=5");
  await expect(page).not.toHaveURL(/clip|speed/);
  await expect(select(page, "Class")).toBeVisible();
});

test("a thousand steps run to the end and back", async ({ page }) => {
  await openLive(page, AS_TRAINED);
  await pause(page);
  await finish(page);
  await expect(page.locator("#equation-title")).toContainText("1000 of 1000 steps · 1000 network calls");
  const image = await levels(page, "next");
  expect(new Set(image).size).toBeGreaterThan(20);
  await seek(page, 3);
  await expect(page.locator("#equation-title")).toContainText("t = 997 → 996");
});

test("its coefficients have names, and the bumps show where t is", async ({ page }) => {
  await openLive(page, AS_TRAINED);
  await pause(page);
  await seek(page, 0);
  await openNetwork(page);
  await expect(block(page, "upper")).toHaveAttribute("aria-pressed", "true");
  await expect(page.locator("#feature-note")).toContainText("it never sees t");
  await expect(page.locator("#feature-size")).toContainText("28×28×20");
  await expect(page.locator("#feature-numbers")).toContainText("channel 1 of 20 (zμ, 1)");
  await expect(basis(page)).toBeVisible();
  await expect(basis(page)).toHaveAttribute("aria-label", /^10 bumps over time.*now t = 1000$/);
  await page.locator("#features").focus();
  for (let i = 0; i < 10; ++i) await page.keyboard.press("ArrowRight");
  await expect(page.locator("#feature-numbers")).toContainText("channel 11 of 20 (zΣ, 1)");
  await seek(page, 400);
  await mapped(page);
  await expect(basis(page)).toHaveAttribute("aria-label", /now t = 600$/);
  await block(page, "readout").click();
  await mapped(page);
  await expect(page.locator("#feature-numbers")).toContainText("channel 1 of 2 (zμ)");
  await expect(page.locator("#feature-note")).toContainText("Here t comes in");
});

test("a model that is told t has no bumps", async ({ page }) => {
  await openLive(page, "steps=4");
  await pause(page);
  await openNetwork(page);
  await expect(basis(page)).toBeHidden();
  await expect(page.locator("#feature-note")).toBeHidden();
});
