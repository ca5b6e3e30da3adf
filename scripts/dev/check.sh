# ./dev check: what takes longer than ./dev test. At most 75 minutes on two cores.
fuzz_seconds=${UNDIFFUSE_FUZZ_SECONDS:-300}

install_for "${build_packages[@]}" "${app_packages[@]}" "${test_packages[@]}" "${check_packages[@]}"

# sanitized PRESET CTEST-ARGUMENTS...
sanitized() {
  local preset=$1
  shift
  say "building with sanitizers ($preset)"
  run_logged "cmake-$preset" cmake --preset "$preset"
  run_logged "build-$preset" cmake --build "build/$preset" -j "$jobs"
  say "testing with sanitizers ($preset)"
  run_logged "ctest-$preset" ctest --test-dir "build/$preset" -j "$jobs" --output-on-failure "$@"
}

sanitized asan
# The single-threaded layers have nothing for it to find.
sanitized tsan -R 'Threads|ThreadPool|Engine|Session|Runner|tool_'

say "the bound of 16 images, all terms, in C++ and PyTorch"
build_native
UNDIFFUSE_TOOL=build/release/native/tool/undiffuse UNDIFFUSE_BOUND=16,1000 \
  run_logged bound $python tests/tool/bound_test.py BoundTest.test_agrees_with_pytorch

say "building with clang"
run_logged cmake-clang cmake -S . -B build/clang -G Ninja -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_EXPORT_COMPILE_COMMANDS=ON
run_logged build-clang cmake --build build/clang -j "$jobs"
say "clang-tidy"
git ls-files 'core/*.cpp' 'native/files/*.cpp' 'native/tool/*.cpp' 'native/app/*.cpp' 'native/app/panels/*.cpp' >build/logs/tidy-files
run_logged clang-tidy xargs -a build/logs/tidy-files -P "$jobs" -n 1 clang-tidy -p build/clang --quiet

say "building the fuzzers"
run_logged cmake-fuzz cmake --preset fuzz
run_logged build-fuzz cmake --build build/fuzz -j "$jobs" --target weights_fuzz toy_fuzz settings_fuzz png_fuzz idx_fuzz image_fuzz
mkdir -p build/corpus/{weights,toy,settings,png,idx,image}
cp -u weights/*.safetensors build/corpus/weights/
for toy in weights/toys/*.safetensors; do { printf '\4'; cat "$toy"; } >build/corpus/toy/"$(basename "$toy")"; done
printf 'steps=20&schedule=linear&beta_end=0.03&class=any' >build/corpus/settings/example
printf 'schedule=rho&rho=7&sigma_max=80&sampler=edm-heun&churn=40&eta=0.5' >build/corpus/settings/samplers
cp -u docs/images/*.png build/corpus/png/
printf '\0\0\10\1\0\0\0\2ab' >build/corpus/idx/labels
for fuzzer in weights toy settings png idx image; do
  say "fuzzing $fuzzer for $fuzz_seconds s"
  run_logged "fuzz-$fuzzer" "build/fuzz/tests/${fuzzer}_fuzz" -max_total_time="$fuzz_seconds" -max_len=2100000 \
    -artifact_prefix=build/logs/ "build/corpus/$fuzzer"
done
say "all checks passed"
