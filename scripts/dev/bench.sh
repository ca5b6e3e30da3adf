# ./dev bench [engine|web]
case ${1:-engine} in
  engine)
    build_native
    build/release/tests/engine_bench weights/mnist-mean-variance.safetensors
    ;;
  web)
    build_web
    install_for chromium
    node web/scripts/bench.mjs
    ;;
  *) fail "bench takes engine or web." ;;
esac
