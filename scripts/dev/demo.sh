# ./dev demo [--port N]
port=8080
while [[ $# -gt 0 ]]; do
  case $1 in
    --port) port=${2:?--port takes a number} && shift 2 ;;
    --port=*) port=${1#--port=} && shift ;;
    *) fail "demo takes --port N, not '$1'." ;;
  esac
done
[[ $port =~ ^[0-9]+$ ]] || fail "--port takes a number, not '$port'."
build_web
say "serving; stop with Ctrl-C"
exec node web/scripts/serve.mjs --port "$port" dist
