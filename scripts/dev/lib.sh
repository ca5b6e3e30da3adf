# Shared by the commands: installing, building, progress. Sourced by ./dev with set -euo pipefail.

mkdir -p build/logs
export PYTHONDONTWRITEBYTECODE=1
python=/usr/bin/python3 # Debian's, which Debian's PyTorch belongs to
jobs=$(nproc)

build_packages=(cmake ninja-build g++ libeigen3-dev nlohmann-json3-dev libhwy-dev libstb-dev libcli11-dev)
app_packages=(libglfw3-dev libimgui-dev libgl-dev fonts-dejavu-core fonts-dejavu-extra)
wasm_packages=(cmake ninja-build emscripten node-acorn libeigen3-dev nlohmann-json3-dev libhwy-dev libstb-dev)
test_packages=(libgtest-dev clang-format chromium python3 python3-torch python3-numpy dataset-fashion-mnist
  xvfb xdotool libgl1-mesa-dri python3-pil)
check_packages=(clang clang-tidy)
train_packages=(python3 python3-torch python3-numpy libtcmalloc-minimal4)

fail() {
  echo "$*" >&2
  exit 1
}

# say TEXT: what is being done, with the time since the start.
say() {
  printf '%4ds  %s\n' "$SECONDS" "$*"
}

# run_logged NAME COMMAND...: quiet while it works; its log's end, and the end of it all, if it fails.
run_logged() {
  local log=build/logs/$1.log
  shift
  "$@" >"$log" 2>&1 && return
  tail -n 60 "$log"
  fail "Failed: $*. The full log is $log."
}

debian_release() {
  [[ -r /etc/os-release ]] || return 1
  (. /etc/os-release && [[ ${ID:-} == debian && ${VERSION_ID:-} =~ ^(12|13)$ ]])
}

# install_packages NAME...: Debian packages that are missing; asks for nothing if all are there.
install_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [[ ${#missing[@]} -eq 0 ]] && return
  debian_release || fail "This needs Debian 12 or 13 to install by itself. Install these packages (or your system's own), then call ./dev again: ${missing[*]}"
  local root=()
  if [[ $(id -u) -ne 0 ]]; then
    command -v sudo >/dev/null || fail "Installing ${missing[*]} needs root: call ./dev as root, or install sudo."
    root=(sudo)
  fi
  say "installing ${missing[*]} (Debian packages)"
  run_logged apt-update "${root[@]}" apt-get update
  run_logged apt-install "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
}

# On systems without dpkg the tools must be there already.
require_dpkg() {
  command -v dpkg-query >/dev/null || fail "This is not Debian. Install the counterparts of: $*; then build with CMake as docs/development.md says."
}

install_for() {
  require_dpkg "$@"
  install_packages "$@"
}

install_node() {
  command -v node >/dev/null && command -v npm >/dev/null || install_packages nodejs npm
}

# The page's tools; again only when package-lock.json changed. The package `node` brings a current
# Node.js for them (Debian 12 has 18), and is the only one whose install script is run.
install_page_tools() {
  install_node
  local stamp=web/node_modules/.installed
  cmp -s web/package-lock.json "$stamp" && return
  say "installing the page's tools (npm ci)"
  run_logged npm-ci npm --prefix web ci --ignore-scripts --no-audit --no-fund
  run_logged npm-node npm --prefix web rebuild node
  [[ -x web/node_modules/node/bin/node ]] || run_logged npm-node env -C web/node_modules/node node installArchSpecificPackage.js
  cp web/package-lock.json "$stamp"
}

build_native() {
  install_for "${build_packages[@]}" "${app_packages[@]}"
  say "building the core, the tool and the app"
  run_logged cmake-release cmake --preset release "$@"
  run_logged build-release cmake --build build/release -j "$jobs"
}

# build_wasm PRESET TESTS(ON|OFF)
build_wasm() {
  local preset=$1 tests=$2 target=undiffuse_wasm
  [[ $tests == ON ]] && target=all
  install_node
  # emcc's optimiser is a Node script that looks for Debian's acorn, which another Node does not find.
  NODE_PATH=$(dpkg -L node-acorn | grep -m1 -o '.*nodejs' || true)
  export NODE_PATH
  say "building for WebAssembly ($preset)"
  run_logged "cmake-$preset" emcmake cmake --preset "$preset" -DUNDIFFUSE_TESTS="$tests"
  run_logged "build-$preset" cmake --build "build/$preset" -j "$jobs" --target "$target"
}

# Everything the page loads, into build/site/: modules, weights, the recording. Then dist/.
build_web() {
  install_for "${wasm_packages[@]}"
  install_page_tools
  build_wasm wasm "${1:-OFF}"
  build_wasm wasm-threads OFF
  mkdir -p build/site/models/toys
  cp -u build/wasm/web/undiffuse.{js,wasm} build/wasm-threads/web/undiffuse-threads.* build/site/
  cp -u weights/*.safetensors build/site/models/
  run_logged cards node web/scripts/cards.mjs weights build/site
  cp -u weights/toys/*.safetensors build/site/models/toys/
  local recording=build/site/recording.bin source stale=1
  if [[ -f $recording ]]; then
    stale=0
    for source in build/site/undiffuse.wasm build/site/models/*.safetensors weights/models.json web/scripts/record.mjs; do
      [[ $source -nt $recording ]] && stale=1
    done
  fi
  if [[ $stale -eq 1 ]]; then
    say "recording the default run"
    run_logged record node web/scripts/record.mjs build/site weights/models.json
  fi
  say "building the page"
  run_logged page npm --prefix web run build
}
