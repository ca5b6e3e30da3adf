// The Swiss roll's page: its run, the step count, the chosen point, and what it says of them.
import type { Page } from "@playwright/test";
import { expect, expectAccessible, test } from "./page";

async function open(page: Page): Promise<void> {
  await page.goto("/swiss-roll.html");
  await ready(page);
  const pause = page.getByRole("button", { name: "Pause" });
  if (await pause.isVisible()) await pause.click();
  await page.getByRole("button", { name: "Restart" }).click();
}

const ready = (page: Page) => expect(page.locator("html")).toHaveAttribute("data-source", "live");

/** The KL of the true reverse step to the network's, in bits, once it is of this step. */
async function kl(page: Page, step: RegExp): Promise<number> {
  await expect(page.locator("#reverse-title")).toHaveText(step);
  await expect(page.locator("#reverse")).toHaveAttribute("data-shown", /./);
  const shown = await page.locator("#reverse-title").textContent();
  await expect(page.locator("#reverse")).toHaveAttribute("data-shown", shown!.split("· ")[1]!);
  return Number(
    await page
      .locator("#reverse-numbers b")
      .first()
      .textContent()
      .then((text) => text!.split(" ")[0]),
  );
}

/** Two pictures of the canvas differ. */
const picture = (page: Page) =>
  page.locator("#cloud").evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());

test("points walk to the roll and back", async ({ page }) => {
  await open(page);
  await expect(page.locator("#cloud-title")).toHaveText("Step 1 of 40 · t = 40 → 39");
  const noise = await picture(page);
  await page.getByRole("button", { name: "Step", exact: true }).click();
  await expect(page.locator("#cloud-title")).toHaveText("Step 2 of 40 · t = 39 → 38");
  expect(await picture(page)).not.toBe(noise);
  await page.getByRole("button", { name: "Play" }).click();
  await expect(page.locator("#cloud-title")).toHaveText("Done: 40 steps");
  await page.getByRole("button", { name: "Back" }).click();
  await expect(page.locator("#cloud-title")).toHaveText("Step 40 of 40 · t = 1 → 0");
});

test("few steps are large ones, which no Gaussian fits", async ({ page }) => {
  await open(page);
  for (let i = 0; i < 28; ++i) await page.getByRole("button", { name: "Step", exact: true }).click();
  const small = await kl(page, /t = 12 → 11$/);
  const steps = page.getByRole("slider", { name: "Steps" });
  await steps.focus();
  for (let i = 0; i < 35; ++i) await steps.press("ArrowLeft");
  await expect(page.locator("#cloud-title")).toHaveText(/ of 5( |$)/);
  await ready(page);
  await page.getByRole("button", { name: "Restart" }).click();
  for (let i = 0; i < 3; ++i) await page.getByRole("button", { name: "Step", exact: true }).click();
  const large = await kl(page, /t = 11 → 1$/);
  expect(small).toBeLessThan(0.1);
  expect(large).toBeGreaterThan(10 * small);
});

test("a click or the arrows choose the point", async ({ page }) => {
  await open(page);
  const cloud = page.locator("#cloud");
  const numbers = page.locator("#reverse-numbers");
  await kl(page, /t = 40 → 39$/);
  const before = await numbers.textContent();
  const box = (await cloud.boundingBox())!;
  await cloud.click({ position: { x: 0.8 * box.width, y: 0.2 * box.height } });
  await expect(numbers).not.toHaveText(before!);
  const clicked = await numbers.textContent();
  await cloud.focus();
  for (let i = 0; i < 10; ++i) await page.keyboard.press("ArrowLeft");
  await expect(numbers).not.toHaveText(clicked!);
  await expect(page.locator("#cloud-title")).toHaveText(/^Step 1 /); // the arrows were the point's
});

test("the address holds the controls", async ({ page }) => {
  await page.goto("/swiss-roll.html#steps=5&seed=3&model=swiss-roll-radial-basis");
  await ready(page);
  await expect(page.getByLabel("Model")).toHaveValue("swiss-roll-radial-basis");
  await expect(page.getByLabel("Seed")).toHaveValue("3");
  await expect(page.locator("#cloud-title")).toHaveText(/ 5( |$)/);
  await page.getByLabel("Model").selectOption("swiss-roll-perceptron");
  await expect(page).toHaveURL(/#steps=5&seed=3$/);
});

test("every model loads, and a missing one is a sentence with a retry", async ({ page, context }) => {
  await open(page);
  for (const model of ["swiss-roll-radial-basis", "swiss-roll-learned-schedule"]) {
    const before = await picture(page);
    await page.getByLabel("Model").selectOption(model);
    await expect.poll(() => picture(page)).not.toBe(before);
    await expect(page.getByRole("alert")).toBeHidden();
  }
  await context.route("**/swiss-roll-perceptron.safetensors", (route) =>
    route.fulfill({ status: 200, body: "no" }),
  );
  await page.getByLabel("Model").selectOption("swiss-roll-perceptron");
  await expect(page.getByRole("alert")).toContainText("weights file");
  await context.unroute("**/swiss-roll-perceptron.safetensors");
  await page.getByRole("button", { name: "Retry" }).click();
  await expect(page.getByRole("alert")).toBeHidden();
});

test("it is accessible, light and dark, and fits a phone", async ({ page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await open(page);
  await expectAccessible(page);
});
