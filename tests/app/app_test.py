"""The windowed app on a real (virtual) display. UNDIFFUSE_APP names the program (default: the release build's).

UNDIFFUSE_WRITE_SCREENSHOTS=1 replaces the stored screenshots, which are for Debian 12's packages.
"""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import numpy as np
from PIL import Image

from desktop import App, Desktop, settings_of_png

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("UNDIFFUSE_APP", str(ROOT / "build/release/native/app/undiffuse-app"))
STORED = ROOT / "tests/data/app"

# Where the panels are in a window of 1280 x 900 (left, top, right, bottom).
PANELS = {
    "transport": (14, 52, 258, 110),
    "controls": (14, 110, 258, 866),
    "equation": (268, 52, 1266, 332),
    "strip": (268, 342, 1266, 622),
    "pixel": (268, 632, 704, 866),
    "said": (714, 632, 1266, 866),
}
NETWORK = (268, 342, 1266, 866)  # in the place of those below the equation, when it is open
MAPS = (800, 410, 1090, 700)
# The given image's panel: its pad, and buttons of it. The evidence is shown in the equation's title.
PAD = (283, 386, 611, 714)
HIDE_BOTTOM, RUN_WITH_IT = (877, 529), (700, 609)
EVIDENCE = (540, 60, 1000, 84)
# SIMD code of another width rounds otherwise: a few grey levels, a digit of a number. A panel that is
# missing, moved or of another theme differs by far more than this.
MEAN_TOLERANCE = 3.0  # levels of 255, over a panel


def read(path):
    with Image.open(path) as image:
        return image.convert("RGB")


def pixels(image):
    return np.asarray(image, dtype=np.float32)


class AppTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.desktop = Desktop().__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.desktop.__exit__()

    def start(self, *arguments, **options):
        app = App(self.desktop, PROGRAM, *arguments, **options)
        self.addCleanup(app.close)
        return app

    def finished(self, settings="steps=8", **options):
        """The app at the end of a short run."""
        app = self.start("--settings", settings + "&speed=60", **options)
        app.wait_for_title("Done")
        app.point_away()
        return app

    def compare(self, name, image):
        path = STORED / f"{name}.png"
        if os.environ.get("UNDIFFUSE_WRITE_SCREENSHOTS"):
            STORED.mkdir(parents=True, exist_ok=True)
            image.save(path, optimize=True)
        stored = read(path)
        self.assertEqual(image.size, stored.size, name)
        difference = float(np.abs(pixels(image) - pixels(stored)).mean())
        if difference > MEAN_TOLERANCE:
            shown = ROOT / f"build/app-{name}.png"
            image.save(shown)
            self.fail(f"{name} differs from {path} by {difference:.2f} levels on average: see {shown}")

    # --- It runs, and shows everything ---

    def test_plays_to_its_end_and_draws_every_panel(self):
        app = self.finished()
        screenshot = app.settled_screenshot()
        for name, box in PANELS.items():
            panel = screenshot.crop(box)
            with self.subTest(name):
                self.assertGreater(float(pixels(panel).std()), 10, "the panel is empty")
                self.compare(name, panel)
        self.assertEqual(app.quit(), 0, app.said())

    def test_a_colour_pixel_has_three_values_to_choose_from(self):
        app = self.finished("steps=3&model=emoji-mean-variance")
        shown = []
        for left in (542, 602, 659):  # "red", "green", "blue"
            app.click(left, 653)
            app.point_away()
            shown.append(pixels(app.settled_screenshot().crop(PANELS["said"])))
        for one, other in ((0, 1), (1, 2), (0, 2)):
            self.assertGreater(np.abs(shown[one] - shown[other]).max(), 100, "other numbers")
        app.click(542, 653)
        app.point_away()
        again = pixels(app.settled_screenshot().crop(PANELS["said"]))
        self.assertLess(np.abs(again - shown[0]).max(), 1, "the first plane's numbers again")

    def test_dark_theme_of_sixteen_images(self):
        app = self.finished("steps=8&images=16&class=each", dark=True)
        self.compare("dark", app.settled_screenshot().crop(PANELS["equation"]))

    def test_help_and_save_lie_over_the_panels(self):
        app = self.finished()
        plain = app.settled_screenshot()
        for key, name in (("question", "help"), ("s", "save")):
            app.key(key)
            overlay = app.settled_screenshot().crop((380, 250, 900, 650))
            self.compare(name, overlay)
            app.key("Escape")
            again = app.settled_screenshot()
            self.assertLess(np.abs(pixels(again) - pixels(plain)).mean(), 0.5, "Escape closes it")

    def test_the_model_card_opens_and_closes(self):
        app = self.finished()
        plain = app.settled_screenshot()
        app.click(82, 216)  # "Model card"
        card = app.settled_screenshot()
        middle = pixels(card)[300:600, 300:980].mean(axis=2)
        self.assertGreater((middle > 240).mean(), 0.7, "a sheet of paper")
        self.assertGreater((middle < 128).mean(), 0.02, "with text")
        app.key("Escape")
        self.assertLess(np.abs(pixels(app.settled_screenshot()) - pixels(plain)).mean(), 0.5)

    def test_the_network_opens_and_follows_the_run(self):
        app = self.finished()
        plain = app.settled_screenshot()
        app.key("n")
        opened = app.settled_screenshot()
        self.compare("network", opened.crop(NETWORK))
        app.key("Left", "Left", "Left")
        app.wait_for_title("Step 6 of 8")
        earlier = app.settled_screenshot()
        difference = np.abs(pixels(earlier.crop(MAPS)) - pixels(opened.crop(MAPS))).mean()
        self.assertGreater(difference, 5, "the maps are another step's")
        app.click(360, 750)  # another block
        app.point_away()
        other = app.settled_screenshot()
        self.assertGreater(np.abs(pixels(other.crop(MAPS)) - pixels(earlier.crop(MAPS))).mean(), 5)
        app.key("Right", "Right", "Right", "Escape")
        app.wait_for_title("Done")
        again = app.settled_screenshot()
        self.assertLess(np.abs(pixels(again) - pixels(plain)).mean(), 0.5, "Escape closes it")

    def test_the_bound_opens_marks_the_step_and_leads_to_another(self):
        app = self.finished()
        plain = app.settled_screenshot()
        app.key("b")
        costs = (290, 430, 1250, 540)
        filled = lambda image: (np.abs(pixels(image.crop(costs)) - (47, 91, 215)).sum(axis=2) < 30).mean()  # theme's accent
        app.wait_for(lambda: filled(self.desktop.screenshot()) > 0.2)
        opened = app.settled_screenshot()
        app.click(282 + int(970 * 2.5 / 8), 520)
        app.wait_for_title("Step 3 of 8")
        app.point_away()
        self.assertGreater(np.abs(pixels(app.settled_screenshot().crop(costs)) - pixels(opened.crop(costs))).mean(), 2)
        app.key("Escape", *["Right"] * 6)
        app.wait_for_title("Done")
        self.assertLess(np.abs(pixels(app.settled_screenshot()) - pixels(plain)).mean(), 0.5, "Escape closes it")

    def test_the_toys_play_and_are_walked(self):
        app = self.finished()
        plain = app.settled_screenshot()
        app.key("t")
        app.wait_for_title("Swiss roll: done, 40 steps")
        roll = app.settled_screenshot().crop((270, 52, 1266, 866))
        app.key("Home")
        app.wait_for_title("Swiss roll: step 1 of 40")
        noise = app.settled_screenshot().crop((270, 52, 1266, 866))
        self.assertGreater(np.abs(pixels(roll) - pixels(noise)).mean(), 5)
        app.key("Right")
        app.wait_for_title("step 2 of 40 · t = 39 → 38")
        app.click(200, 74)  # the heartbeat's tab
        app.wait_for_title("Heartbeat: done, 2000 steps")
        app.point_away()
        beats = app.settled_screenshot().crop((270, 52, 1266, 320))
        app.key("Home")
        app.wait_for_title("Heartbeat: step 1 of 2000")
        self.assertGreater(np.abs(pixels(app.settled_screenshot().crop((270, 52, 1266, 320))) - pixels(beats)).mean(), 5)
        app.key("Escape")
        app.wait_for_title("Done: 8 of 8")
        self.assertLess(np.abs(pixels(app.settled_screenshot()) - pixels(plain)).mean(), 0.5, "Escape closes them")
    # --- A given image ---

    def given(self, folder):
        """A picture file of a digit's upper half and more: a bar on black, white on 28 x 28."""
        picture = np.zeros((28, 28), np.uint8)
        picture[6:9, 7:21] = 255
        path = pathlib.Path(folder) / "bar.png"
        Image.fromarray(picture).save(path)
        return path, picture

    def test_a_given_image_is_completed_and_saved_with_its_evidence(self):
        with tempfile.TemporaryDirectory() as folder:
            path, picture = self.given(folder)
            app = self.start("--settings", "steps=8&class=7&speed=60", str(path))
            app.wait_for_title("Done")
            app.point_away()
            opened = app.settled_screenshot()
            pad = pixels(opened.crop(PAD).convert("L"))
            side = pad.shape[0] // 28
            self.assertGreater(pad[7 * side + side // 2, 14 * side], 250, "the bar is on the pad")
            self.assertLess(pad[20 * side, 14 * side], 5)
            app.click(*HIDE_BOTTOM)
            app.click(*RUN_WITH_IT)
            app.point_away()
            app.wait_for(lambda: np.abs(pixels(self.desktop.screenshot().crop(EVIDENCE)) -
                                        pixels(opened.crop(EVIDENCE))).mean() > 5)
            app.wait_for_title("Done")
            self.compare("given", app.settled_screenshot().crop(NETWORK))
            saved = self.save(app, "1")
            levels = pixels(read(saved))[::8, ::8, 0]
            self.assertLessEqual(np.abs(levels[:14] - picture[:14]).max(), 1, "what is known stays")
            self.assertGreater(levels[14:].max(), 128, "and the rest is drawn")
            self.assertIn(b"undiffuse evidence\0known-renoised 28 28 1 ", saved.read_bytes())
            self.assertEqual(app.quit(), 0, app.said())
            # The saved picture brings the same run back.
            again = self.start(str(saved))
            again.wait_for_title("Done")
            np.testing.assert_array_equal(pixels(read(self.save(again, "1")))[::8, ::8, 0], levels)

    # --- Keys ---

    def test_space_pauses_and_plays(self):
        app = self.start("--settings", "steps=200&speed=10")
        app.wait_for(lambda: re.search(r"Step [3-9] ", app.title()))  # looked at now and then: one may be missed
        app.key("space")
        app.settled_screenshot()
        paused = app.title()
        app.settled_screenshot()
        self.assertEqual(app.title(), paused)
        app.key("space")
        app.wait_for(lambda: app.title() != paused)

    def test_arrows_and_home_walk(self):
        app = self.finished("steps=20")
        for key, title in (("Left", "Step 20 of 20"), ("Home", "Step 1 of 20"), ("Right", "Step 2 "), ("Right", "Step 3 "), ("Left", "Step 2 "), ("Home", "Step 1 ")):
            app.key(key)
            app.wait_for_title(title)

    def test_scrubbing_goes_anywhere(self):
        app = self.finished("steps=50")
        app.click(305, 508)  # the timeline's start
        app.wait_for_title("Step 1 of 50")
        app.drag(310, 508, 770)
        middle = app.wait_for_title("Step 2")
        self.assertRegex(middle, r"Step 2\d of 50")

    # --- Controls ---

    def test_steps_slider_restarts_with_another_count(self):
        app = self.finished("steps=8")
        app.drag(118, 351, 160)
        app.wait_for(lambda: app.title() and " of 8" not in app.title() and "Undiffuse" in app.title())
        self.assertEqual(app.quit(), 0)
        self.assertRegex(app.remembered()["settings"], r"steps=\d{2}")

    def test_a_class_is_chosen_from_its_list(self):
        app = self.finished()
        before = app.settled_screenshot().crop(PANELS["equation"])
        app.click(135, 266)  # opens the list
        app.settled_screenshot()
        app.click(60, 336)  # an entry of it
        app.point_away()
        # Not the title: it says "Done" until the app has heard the click.
        another = lambda now: np.abs(pixels(now.crop(PANELS["equation"])) - pixels(before)).mean() > 5
        app.wait_for(lambda: another(self.desktop.screenshot()))
        app.wait_for_title("Done")
        self.assertEqual(app.quit(), 0)
        self.assertIn("class=", app.remembered()["settings"])

    # --- Files ---

    def save(self, app, choice):
        before = set(app.folder.glob("*.png"))
        app.key("s", choice)
        return app.wait_for(lambda: next(iter(set(app.folder.glob("*.png")) - before), None))

    def test_saved_pictures_hold_their_settings_and_bring_them_back(self):
        app = self.finished("steps=9&seed=77&class=each&images=4")
        sizes = {"1": (224, 224), "2": (9 * 60 - 4, 116), "3": (456, 456)}
        for choice, size in sizes.items():
            path = self.save(app, choice)
            self.assertEqual(settings_of_png(path), "class=each&steps=9&images=4&seed=77&speed=60")
            self.assertEqual(read(path).size, size)
        self.assertFalse(list(app.folder.glob("*.part")))
        app.quit()
        again = self.start(str(path))
        again.wait_for_title(" of 9")
        self.assertEqual(again.quit(), 0)
        self.assertIn("seed=77", again.remembered()["settings"])

    def test_the_default_picture_is_the_page_and_tools(self):
        reference = np.fromfile(ROOT / "tests/data/default-picture.f32", dtype=np.float32).reshape(28, 28)
        app = self.finished("steps=50")
        saved = pixels(read(self.save(app, "3")))[::8, ::8, 0]
        levels = np.round((np.clip(reference, -1, 1) + 1) * 127.5)
        # One level each way: then any two views agree within 2/255.
        self.assertLessEqual(float(np.abs(saved - levels).max()), 1)

    def test_weights_files_open_or_say_why_not(self):
        with tempfile.TemporaryDirectory() as folder:
            mine = pathlib.Path(folder) / "mine.safetensors"
            shutil.copy(ROOT / "weights/mnist-mean-variance.safetensors", mine)
            app = self.start("--settings", "steps=5&speed=60", str(mine))
            app.wait_for_title("Done: 5 of 5")
            self.assertEqual(app.quit(), 0)
            mine.write_bytes(b"not weights at all")
            app = self.finished("steps=5")
            good = app.settled_screenshot()
            app.close()
            app = self.start("--settings", "steps=5&speed=60", str(mine))
            app.wait_for_title("Done: 5 of 5")  # the model that was open stays open
            app.point_away()
            message = (14, 868, 1266, 898)
            shown, nothing = app.settled_screenshot().crop(message), good.crop(message)
            self.assertGreater(np.abs(pixels(shown) - pixels(nothing)).max(), 80, "no sentence at the foot")

    # --- Beginning and end ---

    def test_settings_persist(self):
        first = self.start("--settings", "steps=7&seed=5&speed=60")
        first.wait_for_title("of 7")
        self.assertEqual(first.quit(), 0)
        second = self.start(home=first.home)
        second.wait_for_title("of 7")
        self.assertEqual(second.quit(), 0)
        self.assertIn("seed=5", second.remembered()["settings"])

    def test_closing_in_the_middle_of_a_run_ends_cleanly(self):
        app = self.start("--settings", "steps=1000&images=16&speed=60")
        app.wait_for_title("Step 2 ")
        self.assertEqual(app.quit(), 0, app.said())
        self.assertEqual(app.said(), "")

    def test_wrong_options_are_one_sentence(self):
        wrong = subprocess.run([PROGRAM, "--threads", "none"], capture_output=True, text=True, check=False)
        self.assertEqual(wrong.returncode, 2)
        self.assertEqual(len(wrong.stderr.strip().splitlines()), 1)


if __name__ == "__main__":
    unittest.main()
