# ./dev build native|wasm|web
case ${1:-} in
  native) build_native && say "build/release/ has the library, tests and benchmarks" ;;
  wasm)
    install_for "${wasm_packages[@]}"
    build_wasm wasm OFF
    build_wasm wasm-threads OFF
    ;;
  web) build_web && say "dist/ is a static site for any host" ;;
  *) fail "build takes native, wasm or web." ;;
esac
