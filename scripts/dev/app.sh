# ./dev app [ARGUMENTS]: the windowed app; --help lists its arguments.
build_native
say "opening the window"
exec build/release/native/app/undiffuse-app "$@"
