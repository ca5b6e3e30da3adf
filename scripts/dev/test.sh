# ./dev test: everything that decides whether a change is good. Ends with 'N passed, N failed'.
passed=0
failed=0

# count PASSED FAILED
count() {
  passed=$((passed + $1))
  failed=$((failed + $2))
}

# suite NAME COMMAND...: runs a suite and counts its tests with counts_of_<kind of NAME>.
suite() {
  local name=$1 kind=${1%%-*} log=build/logs/$1.log ok=1
  shift
  say "testing: $name"
  "$@" >"$log" 2>&1 || ok=0
  local counts
  counts=$("counts_of_$kind" "$log")
  # A suite that failed without a counted failure (it crashed, or ran nothing) counts as one.
  [[ $ok -eq 1 && ${counts% *} -gt 0 ]] || [[ ${counts#* } -gt 0 ]] || counts="${counts% *} 1"
  count $counts
  [[ $ok -eq 1 && ${counts#* } -eq 0 ]] || tail -n 80 "$log"
  say "         ${counts% *} passed, ${counts#* } failed"
}

number() { echo "${1:-0}"; }
total() { awk '{ sum += $1 } END { print sum + 0 }'; }

counts_of_ctest() {
  local total bad
  total=$(sed -n 's/.*tests passed, .* tests failed out of \([0-9]*\).*/\1/p' "$1")
  bad=$(sed -n 's/.*tests passed, \([0-9]*\) tests failed out of.*/\1/p' "$1")
  echo "$(($(number "$total") - $(number "$bad"))) $(number "$bad")"
}

counts_of_wasm() {
  local good bad
  good=$(sed -n 's/.*\[  PASSED  \] \([0-9]*\) test.*/\1/p' "$1" | total)
  bad=$(sed -n 's/^ *\([0-9]*\) FAILED TEST.*/\1/p' "$1" | total)
  echo "$(number "$good") $(number "$bad")"
}

counts_of_python() {
  local ran bad
  ran=$(sed -n 's/^Ran \([0-9]*\) test.*/\1/p' "$1" | total)
  bad=$(grep -c -E '^(FAIL|ERROR):' "$1" || true)
  echo "$(($(number "$ran") - $(number "$bad"))) $(number "$bad")"
}

counts_of_page() {
  echo "$(number "$(sed -n 's/^ *\([0-9]*\) passed.*/\1/p' "$1")") $(number "$(sed -n 's/^ *\([0-9]*\) failed.*/\1/p' "$1")")"
}

# A format check is one test.
counts_of_format() { grep -q -E "error|\[warn\]" "$1" && echo "0 1" || echo "1 0"; }

cpp_sources() { git ls-files '*.cpp' '*.h'; }

python_tests() {
  local test status=0
  for test in tests/python/*_test.py; do $python "$test" || status=1; done
  return $status
}

wasm_tests() {
  local binary status=0
  for binary in build/wasm/tests/*_tests.cjs; do node "$binary" || status=1; done
  return $status
}

install_for "${build_packages[@]}" "${app_packages[@]}" "${wasm_packages[@]}" "${test_packages[@]}"
build_native
build_web ON
suite format-cpp clang-format --dry-run --Werror $(cpp_sources)
suite format-page npm --prefix web run check
suite ctest-native ctest --test-dir build/release -j "$jobs" --output-on-failure
suite wasm-node wasm_tests
suite python-weights python_tests
suite page-chromium npm --prefix web run test
say "done"
echo "$passed passed, $failed failed"
[[ $failed -eq 0 ]]
