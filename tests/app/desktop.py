"""A desktop of the tests' own: Xvfb with Mesa's software OpenGL, and the app on it, driven by real X events."""

import json
import os
import pathlib
import subprocess
import tempfile
import time

from PIL import Image, ImageGrab

WIDTH, HEIGHT = 1280, 900
PATIENCE = 60  # seconds; a busy machine is slow, not wrong


class Desktop:
    """An X server; `with Desktop() as desktop`."""

    def __enter__(self):
        read_end, write_end = os.pipe()
        command = ["Xvfb", "-displayfd", str(write_end), "-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-nolisten", "tcp", "-noreset"]
        self.server = subprocess.Popen(command, pass_fds=[write_end], stderr=subprocess.DEVNULL)
        os.close(write_end)
        with os.fdopen(read_end) as display:
            self.display = ":" + display.readline().strip()
        return self

    def __exit__(self, *_):
        self.server.terminate()
        self.server.wait()

    def xdotool(self, *arguments):
        environment = {**os.environ, "DISPLAY": self.display}
        return subprocess.run(["xdotool", *map(str, arguments)], env=environment, capture_output=True, text=True,
                              check=False).stdout.strip()

    def screenshot(self):
        return ImageGrab.grab(xdisplay=self.display).convert("RGB")


class App:
    """The app on a desktop, with a home of its own."""

    def __init__(self, desktop, program, *arguments, home=None, dark=False):
        self.desktop = desktop
        self.own_home = home is None
        self.home = home or tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.home.name)
        self.config = self.folder / "config/undiffuse/app.json"
        self.config.parent.mkdir(parents=True, exist_ok=True)
        if not self.config.exists():
            self.config.write_text(json.dumps({"width": WIDTH, "height": HEIGHT, "dark": dark}))
        environment = {**os.environ, "DISPLAY": desktop.display, "HOME": self.home.name, "LIBGL_ALWAYS_SOFTWARE": "1",
                       "XDG_CONFIG_HOME": str(self.folder / "config")}
        if preload := os.environ.get("UNDIFFUSE_APP_PRELOAD"):
            environment["LD_PRELOAD"] = preload
        self.errors = open(self.folder / "stderr", "w+")
        self.process = subprocess.Popen([program, "--threads", "2", "--save-to", self.home.name, *arguments],
                                        env=environment, stderr=self.errors)
        self.wait_for(lambda: "Undiffuse" in self.title())

    # --- What it shows ---

    def title(self):
        return self.desktop.xdotool("search", "--name", "Undiffuse", "getwindowname")

    def wait_for(self, condition, patience=PATIENCE):
        """True values end the wait; a test failure if it takes too long or the app ends."""
        end = time.time() + patience
        while time.time() < end:
            value = condition()
            if value:
                return value
            assert self.process.poll() is None, f"the app ended: {self.said()}"
            time.sleep(0.05)
        raise AssertionError(f"waited {patience} s in vain; the title is '{self.title()}'")

    def wait_for_title(self, part):
        return self.wait_for(lambda: self.title() if part in self.title() else "")

    def settled_screenshot(self):
        """Once two in a row are the same."""
        before = None

        def same():
            nonlocal before
            now = self.desktop.screenshot()
            stood_still = before is not None and now.tobytes() == before.tobytes()
            before = now
            time.sleep(0.3)
            return now if stood_still else None

        return self.wait_for(same)

    # --- What a person does ---

    def key(self, *keys):
        for key in keys:
            self.desktop.xdotool("key", key)
            time.sleep(0.15)

    def click(self, x, y):
        """Waits for what it does: on a busy machine, a frame may see the mouse where it goes next."""
        self.desktop.xdotool("mousemove", x, y)
        self.settled_screenshot()
        self.desktop.xdotool("click", 1)
        self.settled_screenshot()

    def drag(self, x, y, to_x):
        self.desktop.xdotool("mousemove", x, y)
        time.sleep(0.1)
        self.desktop.xdotool("mousedown", 1)
        for i in range(1, 11):
            self.desktop.xdotool("mousemove", x + (to_x - x) * i // 10, y)
            time.sleep(0.03)
        self.desktop.xdotool("mouseup", 1)

    def point_away(self):
        self.desktop.xdotool("mousemove", WIDTH - 2, HEIGHT - 2)

    # --- Its end ---

    def quit(self):
        """The exit status after Ctrl+Q."""
        self.desktop.xdotool("key", "ctrl+q")
        return self.process.wait(PATIENCE)

    def said(self):
        return (self.folder / "stderr").read_text()

    def remembered(self):
        return json.loads(self.config.read_text())

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.errors.close()
        if self.own_home:
            self.home.cleanup()


def settings_of_png(path):
    """The tEXt chunk that holds the settings string."""
    with Image.open(path) as image:
        return image.text["undiffuse"]
