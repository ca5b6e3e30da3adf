// A given image as evidence: drawn, loaded or taken from the run; inpainting, denoising, the coarse picture.
import { readFile } from "node:fs/promises";
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import {
  button,
  expect,
  finish,
  levels,
  openLive,
  openRecording,
  pause,
  pixels,
  seek,
  select,
  settled,
  slide,
  test,
  title,
} from "./page";
import {
  evidence,
  finished,
  levelsOf,
  load,
  openPanel,
  openWith,
  pad,
  type Painting,
  pictureFile,
  problem,
  run,
  runWithIt,
  SEVEN,
  SIDE,
  task,
} from "./given-page";

async function reseed(page: Page, seed: number): Promise<void> {
  const input = page.getByRole("spinbutton", { name: "Seed" });
  await input.fill(String(seed));
  await input.press("Enter");
  await expect(page).toHaveURL(new RegExp(`seed=${seed}`));
  await settled(page);
}

const half = (all: number[], which: "top" | "bottom") =>
  which === "top" ? all.slice(0, (SIDE * SIDE) / 2) : all.slice((SIDE * SIDE) / 2);

test("known pixels stay exactly as they are, and another seed completes them in another way", async ({
  page,
}) => {
  await openWith(page, "steps=8&class=7&seed=3");
  const given = await levelsOf(page, "#pad-canvas");
  const plain = await finished(page);
  await select(page, "How").selectOption("known-clean");
  await button(page, "Bottom").click();
  await runWithIt(page);
  await expect(page.locator("#evidence-text")).toHaveText(
    "Fill in what is missing: clean, as in the 2015 paper.",
  );
  for (const position of [1, 4]) {
    await seek(page, position);
    expect(half(await levels(page, "x_t"), "top"), `x_t at ${position}`).toEqual(half(given, "top"));
  }
  const first = await finished(page);
  expect(half(first, "top")).toEqual(half(given, "top"));
  expect(half(first, "bottom")).not.toEqual(half(given, "bottom"));
  expect(Math.max(...half(first, "bottom")), "something is drawn").toBeGreaterThan(128);
  await reseed(page, 5);
  const second = await finished(page);
  expect(half(second, "top")).toEqual(half(given, "top"));
  expect(half(second, "bottom")).not.toEqual(half(first, "bottom"));

  await reseed(page, 3);
  await evidence(page).getByRole("button", { name: "No evidence" }).click();
  await expect(evidence(page)).toBeHidden();
  expect(await finished(page)).toEqual(plain);
});

test("known pixels with the step's noise end as they are, and the panel's changes make a new run", async ({
  page,
}) => {
  await openWith(page, "steps=8&class=7");
  const given = await levelsOf(page, "#pad-canvas");
  await button(page, "Left").click();
  await runWithIt(page);
  await seek(page, 2);
  const noisy = await levels(page, "x_t");
  expect(noisy.filter((level, i) => level !== given[i]).length).toBeGreaterThan(500);
  const end = await finished(page);
  given.forEach((level, i) => {
    // Float32: signal × y is rounded once, which may reach the next level.
    if (i % SIDE >= SIDE / 2) expect(Math.abs(end[i]! - level), `pixel ${i}`).toBeLessThanOrEqual(1);
  });
  await button(page, "Right").click();
  await expect.poll(async () => (await levelsOf(page, "#evidence-canvas"))[SIDE - 1]).toBe(128); // mid-grey
  const other = await finished(page);
  given.forEach((level, i) => {
    if (i % SIDE < SIDE / 2) expect(Math.abs(other[i]! - level), `pixel ${i}`).toBeLessThanOrEqual(1);
  });
});

test("denoising starts at the noise level with the noisy image, and draws clean ones", async ({ page }) => {
  await openWith(page, "steps=20&class=7&seed=3");
  await task(page, "Take noise away").check();
  await slide(page, "Noise", 0.8);
  await runWithIt(page);
  await expect(page.locator("#evidence-text")).toHaveText("Take noise away: start at its noise, noise 0.80.");
  await seek(page, 0);
  await expect(title(page)).toContainText("noise level 0.800 →");
  const steps = Number(await page.getByRole("slider", { name: "Timeline" }).getAttribute("max"));
  expect(steps, "steps that are noisier are left out").toBeLessThan(20);
  const noisy = await levelsOf(page, "#evidence-canvas");
  const start = await levels(page, "x_t");
  const signal = Math.sqrt(1 / (1 + 0.8 ** 2));
  noisy.forEach((level, i) => {
    if (level === 0 || level === 255) return; // cut off
    const expected = (signal * (level / 127.5 - 1) + 1) * 127.5;
    expect(Math.abs(start[i]! - expected), `pixel ${i}`).toBeLessThanOrEqual(1); // both are rounded
  });
  const given = await levelsOf(page, "#pad-canvas");
  const distance = (image: number[]) =>
    Math.sqrt(image.reduce((sum, level, i) => sum + (level - given[i]!) ** 2, 0) / image.length);
  const clean = await finished(page);
  expect(distance(clean)).toBeLessThan(0.7 * distance(noisy));

  await reseed(page, 4);
  expect(await levelsOf(page, "#evidence-canvas"), "the noisy image stays").toEqual(noisy);
  expect(await finished(page)).not.toEqual(clean);
  await select(page, "How").selectOption("noisy-perturbed");
  await expect(title(page)).toContainText("of 20");
  await settled(page);
  expect(distance(await finished(page))).toBeLessThan(0.7 * distance(noisy));
});

test("a coarse picture draws the cells' means towards its own", async ({ page }) => {
  await openWith(page, "steps=20&class=any&guidance=1&seed=3");
  const means = (image: number[]) => {
    const sums = new Array<number>(16).fill(0);
    image.forEach((level, i) => {
      const cell = 4 * Math.floor(i / SIDE / 7) + Math.floor((i % SIDE) / 7);
      sums[cell]! += level / 49;
    });
    return sums;
  };
  const target = means(await levelsOf(page, "#pad-canvas"));
  const distance = (image: number[]) =>
    Math.sqrt(means(image).reduce((sum, mean, i) => sum + (mean - target[i]!) ** 2, 0) / 16);
  const plain = distance(await finished(page));
  await task(page, "Follow its coarse picture").check();
  await slide(page, "Strength", 1);
  await runWithIt(page);
  const shown = await levelsOf(page, "#evidence-canvas");
  expect(new Set(shown.slice(0, 7)).size, "a cell has one level").toBe(1);
  expect(distance(await finished(page))).toBeLessThan(0.5 * plain);
  await select(page, "Sampler").selectOption("ddim");
  await expect(page.locator("#evidence-note")).toContainText("This sampler draws nothing");
});

test("an image is drawn by the mouse and by keys, and erased", async ({ page }) => {
  await openLive(page, "steps=4");
  await pause(page);
  await openPanel(page);
  await run(page).click();
  await expect(problem(page)).toHaveText("The image is empty: draw something, or load an image.");
  await expect(evidence(page)).toBeHidden();
  const box = (await pad(page).boundingBox())!;
  const move = (column: number, row: number) =>
    page.mouse.move(box.x + ((column + 0.5) / SIDE) * box.width, box.y + ((row + 0.5) / SIDE) * box.height);
  await move(5, 5);
  await page.mouse.down();
  await move(20, 5);
  await page.mouse.up();
  const drawn = await levelsOf(page, "#pad-canvas");
  for (let column = 5; column <= 20; ++column) expect(drawn[5 * SIDE + column]).toBe(255);
  expect(drawn[12 * SIDE + 12]).toBe(0);
  await run(page).click();
  await expect(problem(page)).toContainText("All of the image is known");

  const before = await title(page).textContent();
  await pad(page).focus();
  for (const key of ["ArrowDown", "ArrowDown", "Space", "Shift+ArrowRight", "Shift+ArrowRight"]) {
    await page.keyboard.press(key);
  }
  const keyed = await levelsOf(page, "#pad-canvas");
  for (const column of [14, 15, 16]) expect(keyed[16 * SIDE + column]).toBe(255);
  expect(await title(page).textContent(), "the run does not move").toBe(before);

  await button(page, "Erase").click();
  await pad(page).focus();
  await page.keyboard.press("Space");
  expect((await levelsOf(page, "#pad-canvas"))[16 * SIDE + 16]).toBe(0);
  await button(page, "Hide").click();
  await move(14, 24);
  await page.mouse.down();
  await page.mouse.up();
  await runWithIt(page);
  expect((await levelsOf(page, "#evidence-canvas"))[24 * SIDE + 14]).toBe(128); // not known: mid-grey
  await button(page, "Clear").click();
  await expect(problem(page)).toContainText("The image is empty");
});

test("a photo of ink on paper, of any size, becomes bright strokes on black", async ({ page }) => {
  await openLive(page, "steps=4");
  await pause(page);
  await openPanel(page);
  const ink: Painting = {
    width: 2400,
    height: 1200,
    paper: "#eee8d0",
    strokes: [["#102040", 1100, 200, 200, 800]],
  };
  await load(page, await pictureFile(page, ink), "photo.png");
  await expect.poll(async () => (await levelsOf(page, "#pad-canvas"))[14 * SIDE + 14]).toBeGreaterThan(200);
  const shown = await levelsOf(page, "#pad-canvas");
  expect(Math.max(...shown.slice(0, SIDE))).toBeLessThan(40);
  await button(page, "Invert").click();
  expect((await levelsOf(page, "#pad-canvas"))[0]).toBeGreaterThan(200);
});

test("what is no image is a sentence, and nothing changes", async ({ page }) => {
  await openWith(page, "steps=4");
  const before = await levelsOf(page, "#pad-canvas");
  await load(page, Buffer.from("not a picture"), "holiday.png");
  await expect(problem(page)).toHaveText(/^holiday\.png: This browser cannot read it as an image: /);
  expect(await levelsOf(page, "#pad-canvas")).toEqual(before);
});

test("an image dropped on the panel is given", async ({ page }) => {
  await openLive(page, "steps=4&seed=2");
  await pause(page);
  const file = await pictureFile(page, SEVEN);
  await page.locator("#given").evaluate((panel, bytes) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([new Uint8Array(bytes)], "seven.png"));
    for (const type of ["dragover", "drop"]) {
      panel.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
    }
  }, Array.from(file));
  await expect(pad(page)).toBeVisible();
  await expect.poll(async () => (await levelsOf(page, "#pad-canvas"))[7 * SIDE + 10]).toBe(255);
  await expect(page).toHaveURL(/#steps=4&seed=2$/);
  expect(await page.evaluate(() => document.documentElement.className)).not.toContain("dropping");
});

test("the run's own image can be given back to it", async ({ page }) => {
  await openLive(page, "steps=6&class=7");
  await pause(page);
  const image = await finished(page);
  await openPanel(page);
  await button(page, "Take the run’s image").click();
  expect(await levelsOf(page, "#pad-canvas")).toEqual(image);
});

test("a saved picture brings its evidence back, and one without it takes it away", async ({ page }) => {
  await openWith(page, "steps=6&class=7&seed=21");
  const plain = await save(page);
  await task(page, "Take noise away").check();
  await runWithIt(page);
  await finish(page);
  const before = await pixels(page, "next");
  const noisy = await levelsOf(page, "#evidence-canvas");
  const png = await save(page);
  await page.goto("about:blank");
  await openLive(page, "steps=5");
  await page.locator("#open-file").setInputFiles({ name: "mine.png", mimeType: "image/png", buffer: png });
  await expect(evidence(page)).toBeVisible();
  await expect(page).toHaveURL(/#class=7&steps=6&seed=21$/);
  await settled(page);
  await pause(page);
  await finish(page);
  expect(await pixels(page, "next")).toBe(before);
  expect(await levelsOf(page, "#evidence-canvas")).toEqual(noisy);
  await openPanel(page);
  await expect(task(page, "Take noise away")).toBeChecked();
  await expect(page.getByRole("checkbox", { name: "noise already" })).toBeChecked();
  expect(await levelsOf(page, "#pad-canvas")).toEqual(noisy);

  await page.locator("#open-file").setInputFiles({ name: "plain.png", mimeType: "image/png", buffer: plain });
  await expect(evidence(page)).toBeHidden();
});

async function save(page: Page): Promise<Buffer> {
  await button(page, "Save").click();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: /This frame/ }).click(),
  ]);
  return readFile((await download.path())!);
}

test("evidence stays when another engine takes over, with the same picture", async ({ page }) => {
  await openWith(page, "steps=6&class=7");
  await button(page, "Bottom").click();
  await runWithIt(page);
  await finish(page);
  const before = await pixels(page, "next");
  await select(page, "Backend").selectOption("wasm");
  await expect(page.locator("#badge")).toContainText(/WASM · \d+ ms/);
  await expect(evidence(page)).toBeVisible();
  await settled(page);
  await finish(page);
  expect(await pixels(page, "next")).toBe(before);
});

test("evidence that comes before the network waits for it", async ({ page }) => {
  const release = await openRecording(page);
  await openPanel(page);
  await load(page, await pictureFile(page, SEVEN));
  await expect(problem(page)).toHaveText("The network is loading: load the image once it runs.");
  await pad(page).click();
  await button(page, "Left").click();
  await run(page).click();
  release();
  await expect(evidence(page)).toBeVisible();
  await settled(page);
});

for (const [name, viewport, colorScheme] of [
  ["desktop", { width: 1440, height: 1000 }, "light"],
  ["phone", { width: 360, height: 800 }, "dark"],
] as const) {
  test.describe(name, () => {
    test.use({ viewport, colorScheme });
    test("axe finds nothing in the panel, and nothing stands over", async ({ page }) => {
      await openWith(page, "steps=12&class=7");
      await button(page, "Bottom").click();
      await runWithIt(page);
      await finish(page);
      const shot = (of: string) =>
        `${test.info().project.testDir}/../../build/screenshots/given-${name}-${of}.png`;
      for (const of of ["Fill in what is missing", "Take noise away", "Follow its coarse picture"]) {
        await task(page, of).check();
        await settled(page);
        await page.locator("main").screenshot({ path: shot(of.split(" ")[0]!.toLowerCase()) });
        const { violations } = await new AxeBuilder({ page }).analyze();
        expect(
          violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" | ")}`),
        ).toEqual([]);
        expect(
          await page.evaluate(
            () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
          ),
        ).toBe(0);
      }
    });
  });
}
