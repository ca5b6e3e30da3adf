# ./dev bench [engine|web]
case ${1:-engine} in
  engine)
    build_native
    build/release/native/tool/undiffuse bench
    ;;
  web)
    build_web
    install_for chromium
    node web/scripts/bench.mjs
    ;;
  *) fail "bench takes engine or web." ;;
esac
