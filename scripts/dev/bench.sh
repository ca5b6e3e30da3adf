# ./dev bench [engine|web]

# Our WebGPU engine beside onnxruntime-web's, which only this command installs.
bench_gpu() {
  local weights=weights/mnist-mean-variance.safetensors onnx=build/bench.onnx
  install_for python3 python3-torch python3-numpy
  [[ -d web/bench/node_modules ]] || run_logged npm-bench npm --prefix web/bench ci --ignore-scripts --no-audit --no-fund
  run_logged onnx "$python" weights/export.py --weights "$weights" --onnx "$onnx"
  node web/bench/gpu.mjs "$weights" "$onnx"
}

case ${1:-engine} in
  engine)
    build_native
    build/release/native/tool/undiffuse bench
    ;;
  web)
    build_web
    install_for chromium
    node web/scripts/bench.mjs
    bench_gpu
    ;;
  *) fail "bench takes engine or web." ;;
esac
