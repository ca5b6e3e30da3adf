"""Includes point downward only, and the core knows no view, browser, file or console.

usage: layering.py <repository>
"""

import pathlib
import re
import sys

LAYERS = ["base", "network", "process", "run"]  # low to high
FORBIDDEN = re.compile(
    r"emscripten|GLFW|imgui|GL/|X11|"
    r"^(fstream|iostream|ostream|istream|sstream|iomanip|print|filesystem|stdio\.h|cstdio|unistd\.h|fcntl\.h)$"
)
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)


def complaints_of(path, layer):
    for included in INCLUDE.findall(path.read_text()):
        if FORBIDDEN.search(included):
            yield f"{path}: the core must not include {included}"
        parts = included.split("/")
        if parts[0] == "core":
            if LAYERS.index(parts[1]) > LAYERS.index(layer):
                yield f"{path}: {layer} must not include {included}, a higher layer"


def main():
    core = pathlib.Path(sys.argv[1]) / "core"
    files = sorted(p for p in core.rglob("*") if p.suffix in (".h", ".cpp"))
    found = [c for path in files for c in complaints_of(path, path.relative_to(core).parts[0])]
    print("\n".join(found) or f"{len(files)} files, every include points downward")
    return 1 if found or not files else 0


if __name__ == "__main__":
    sys.exit(main())
