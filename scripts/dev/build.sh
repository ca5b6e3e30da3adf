# ./dev build native|wasm|web
case ${1:-} in
  native) build_native && say "the tool is build/release/native/tool/undiffuse; build/release/ has the library and the tests, too" ;;
  wasm)
    install_for "${wasm_packages[@]}"
    build_wasm wasm OFF
    build_wasm wasm-threads OFF
    ;;
  web) build_web && say "dist/ is a static site for any host" ;;
  *) fail "build takes native, wasm or web." ;;
esac
