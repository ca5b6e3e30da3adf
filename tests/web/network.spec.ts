// The network opened from its place in the equation: its blocks, and what each puts out in a step.
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { coreCopy } from "./core-copy";
import {
  button,
  expect,
  live,
  openLive,
  openRecording,
  pause,
  seek,
  settled,
  slide,
  test,
  title,
} from "./page";

const panel = (page: Page) => page.locator("#network");
const opener = (page: Page) => button(page, "Open the network");
const blocks = (page: Page) => page.locator("#network-graph .block");
const numbers = (page: Page) => page.locator("#feature-numbers");

/** Waits until the maps are those of the step on show. */
async function mapped(page: Page): Promise<void> {
  await settled(page);
  await expect(page.locator("#features.pending")).toHaveCount(0);
}

async function open(page: Page): Promise<void> {
  await opener(page).click();
  await mapped(page);
}

const maps = (page: Page) =>
  page.locator("#feature-maps").evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());

/** What a block puts out in a step of these settings' run, by another copy of the core. */
async function coreFeature(page: Page, settings: string, step: number, block: number): Promise<number[]> {
  return (await coreCopy(page, settings)).evaluate(
    (core, [at, of]) => {
      while (core._ud_compute(at) === 0);
      const count = core._ud_feature(at, 0, of);
      const start = core._ud_feature_values() / 4;
      return [...core.HEAPF32.slice(start, start + count)];
    },
    [step, block] as const,
  );
}

test("its boxes are the model's: parameters add up to the weights file's", async ({ page }) => {
  await openLive(page, "steps=6");
  await pause(page);
  await expect(panel(page)).toBeHidden();
  await expect(opener(page)).toHaveAttribute("aria-expanded", "false");
  await open(page);
  await expect(opener(page)).toHaveAttribute("aria-expanded", "true");

  const stored = await page.evaluate(async () => {
    const bytes = await (await fetch("models/mnist-mean-variance.safetensors")).arrayBuffer();
    const length = Number(new DataView(bytes).getBigUint64(0, true));
    const header = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 8, length)));
    delete header.__metadata__;
    const sizes = Object.values(header as Record<string, { shape: number[] }>).map(({ shape }) =>
      shape.reduce((product, extent) => product * extent, 1),
    );
    return sizes.reduce((sum, size) => sum + size, 0);
  });
  await expect(page.locator("#network-title")).toContainText(`${stored.toLocaleString("en")} parameters`);
  const counts = await blocks(page).evaluateAll((all) =>
    all.map((box) => Number(/([\d,]+) parameters/.exec((box as HTMLElement).title)![1]!.replaceAll(",", ""))),
  );
  expect(counts.length).toBeGreaterThan(10);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(stored);
});

test("by keyboard: opens, walks through the blocks, closes, and the focus is back", async ({ page }) => {
  await openLive(page, "steps=6");
  await pause(page);
  await opener(page).focus();
  await page.keyboard.press("Enter");
  await expect(panel(page)).toBeVisible();
  const chosen = page.locator("#network-graph .block[aria-pressed=true]");
  await expect(chosen).toBeFocused();
  const before = await page.locator("#feature-head").textContent();
  await page.keyboard.press("ArrowUp");
  await expect(chosen).toBeFocused();
  await expect(page.locator("#feature-head")).not.toHaveText(before!);

  await page.keyboard.press("Tab"); // one stop for all boxes, then the maps
  await expect(page.locator("#features")).toBeFocused();
  await expect(numbers(page)).toContainText("channel 1 of");
  await page.keyboard.press("ArrowRight");
  await expect(numbers(page)).toContainText("channel 2 of");
  await page.keyboard.press("Escape");
  await expect(panel(page)).toBeHidden();
  await expect(opener(page)).toBeFocused();

  await page.keyboard.press("n");
  await expect(panel(page)).toBeVisible();
  await button(page, "Close").click();
  await expect(panel(page)).toBeHidden();
  await expect(opener(page)).toBeFocused();
});

test("the maps are what the core's blocks put out, at any step", async ({ page }) => {
  const settings = "steps=12&seed=5&class=4";
  await openLive(page, settings);
  await pause(page);
  await open(page);
  const count = await blocks(page).count();
  const text = (value: number) => value.toFixed(3).replace("-", "−");
  for (const [step, block] of [
    [0, 5],
    [7, count - 1],
    [11, 9],
  ] as const) {
    await seek(page, step);
    await blocks(page).nth(block).click();
    await mapped(page);
    const size = await numbers(page).locator("span").first().textContent();
    const channels = Number(/of (\d+)/.exec(size!)![1]);
    const values = await coreFeature(page, settings, step, block);
    await page.locator("#features").focus();
    for (const channel of [0, 1]) {
      const map = values.filter((_, i) => i % channels === channel);
      const [min, max] = [Math.min(...map), Math.max(...map)];
      await expect(numbers(page), `step ${step}, block ${block}`).toContainText(
        `channel ${channel + 1} of ${channels}`,
      );
      await expect(numbers(page)).toContainText(`${text(min)} to ${text(max)}`);
      await page.keyboard.press("ArrowRight");
    }
  }
});

test("pointing at a map shows it large", async ({ page }) => {
  await openLive(page, "steps=6");
  await pause(page);
  await open(page);
  const box = (await page.locator("#feature-maps").boundingBox())!;
  await page.mouse.move(box.x + box.width * 0.19, box.y + 8); // the second of eight
  await expect(numbers(page)).toContainText("channel 2 of 64");
  await page.mouse.move(box.x + box.width - 8, box.y + box.height - 8);
  await expect(numbers(page)).toContainText("channel 64 of 64");
});

test("the maps follow the run while it plays and when it is scrubbed", async ({ page }) => {
  await openLive(page, "steps=30&speed=4");
  await pause(page);
  await seek(page, 3);
  await open(page);
  const third = await maps(page);
  await seek(page, 20);
  await mapped(page);
  expect(await maps(page)).not.toBe(third);
  await seek(page, 3);
  await mapped(page);
  expect(await maps(page)).toBe(third);

  await button(page, "Play").click();
  await expect(title(page)).toContainText(/Step ([6-9]|[12]\d) of 30/); // polled: one may be missed
  await pause(page);
  await mapped(page);
  const playing = await maps(page);
  expect(playing).not.toBe(third);
  const position = Number(/Step (\d+)/.exec((await title(page).textContent())!)![1]) - 1;
  await seek(page, 0);
  await seek(page, position);
  await mapped(page);
  expect(await maps(page)).toBe(playing);
});

test("says which of a step's calls is shown", async ({ page }) => {
  await openLive(page, "steps=5&guidance=1");
  await pause(page);
  await open(page);
  await expect(page.locator("#network-note")).toContainText("One network call");
  await slide(page, "Guidance", 3);
  await expect(page.locator("#network-note")).toContainText("the call that knows the class");
});

test("opens on the recording, and the maps come with the engine", async ({ page }) => {
  const release = await openRecording(page);
  await opener(page).click();
  await expect(blocks(page)).not.toHaveCount(0);
  await expect(page.locator("#feature-waits")).toBeVisible();
  await expect(page.locator("#features")).toHaveClass(/pending/);
  release();
  await live(page);
  await expect(page.locator("#feature-waits")).toBeHidden();
  await expect(numbers(page)).toContainText("channel 1 of");
});

test("choosing another block moves nothing", async ({ page }) => {
  await openLive(page, "steps=6");
  await pause(page);
  await open(page);
  const places = () =>
    page.evaluate(() =>
      [...document.querySelectorAll("#network, .block, #features canvas, #strip, #pixel")].map((element) => {
        const { x, y, width, height } = element.getBoundingClientRect();
        return [x, y + scrollY, width, height].map(Math.round).join();
      }),
    );
  const before = await places();
  for (const block of [0, 3, 9, 14]) {
    await blocks(page).nth(block).click();
    await mapped(page);
    expect(await places(), `block ${block}`).toEqual(before);
  }
});

for (const [name, view] of Object.entries({
  desktop: { viewport: { width: 1440, height: 1000 }, colorScheme: "light" },
  dark: { viewport: { width: 1000, height: 1000 }, colorScheme: "dark" },
  phone: { viewport: { width: 390, height: 844 }, colorScheme: "light" },
  "phone-dark": { viewport: { width: 360, height: 800 }, colorScheme: "dark" },
} as const)) {
  test.describe(name, () => {
    test.use({ viewport: view.viewport, colorScheme: view.colorScheme });
    test("axe finds nothing in the open network and nothing is cut off", async ({ page }) => {
      await openLive(page, "steps=20");
      await pause(page);
      await seek(page, 12);
      await open(page);
      const path = `${test.info().project.testDir}/../../build/screenshots/network-${name}.png`;
      await panel(page).screenshot({ path });
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join()}`)).toEqual(
        [],
      );
      const tooWide = await page.evaluate(() =>
        [...document.querySelectorAll("#network .block span, #network canvas, #network p")]
          .filter((element) => {
            const outer = element.closest(".block, .features, #network")!.getBoundingClientRect();
            const inner = element.getBoundingClientRect();
            return inner.width > 0 && (inner.left < outer.left - 0.5 || inner.right > outer.right + 0.5);
          })
          .map((element) => element.textContent),
      );
      expect(tooWide).toEqual([]);
      const scroll = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(scroll).toBe(0);
    });
  });
}
