// The model zoo: every model can be chosen, says what it is, and keeps what else was chosen.
import { applied, expect, finish, openLive, pause, pixels, select, slider, test } from "./page";

const facts = ".model-facts";

test("every model runs with the same seed, and class and steps where it has no own", async ({ page }) => {
  await openLive(page, "steps=3&class=2&seed=5");
  await pause(page);
  const models = await select(page, "Model")
    .locator("option")
    .evaluateAll((options) => options.map((option) => (option as HTMLOptionElement).value));
  expect(models[0]).toBe("mnist-mean-variance");
  const seen = new Set<string>();
  for (const model of models) {
    await select(page, "Model").selectOption(model);
    const steps = model === "mnist-2015" ? "1000" : "3"; // its own
    const classless = ["mnist-2015", "dead-leaves"].includes(model);
    const address = [`steps=${steps}`, "class=2", "seed=5"];
    await applied(page, ...(model === models[0] ? [] : [`model=${model}`]), ...address);
    await expect(page.locator(facts)).toContainText(/\d+ × \d+ (grey|colour), \d\.\d MB\. Predicts .+\./);
    await pause(page);
    if (classless) await expect(select(page, "Class")).toBeHidden();
    else await expect(select(page, "Class")).toHaveValue("2");
    await expect(slider(page, "Steps")).toHaveValue(steps);
    await finish(page);
    seen.add(await pixels(page, "next"));
  }
  expect(seen.size).toBe(models.length);
});

test("a model's card is a page beside it", async ({ page, context }) => {
  await openLive(page, "steps=3");
  await expect(page.locator(facts)).toContainText("MNIST, 28 × 28 grey");
  const opened = context.waitForEvent("page");
  await page.locator(facts).getByRole("link", { name: "Model card" }).click();
  const card = await opened;
  await expect(card.getByRole("heading", { level: 1 })).toHaveText("Model card: mnist-mean-variance");
  await expect(card.getByRole("cell", { name: "fixed-small" }).first()).toBeVisible();
});
