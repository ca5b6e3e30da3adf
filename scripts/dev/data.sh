# resolve_data ARGUMENTS...: into `resolved`, with the value of --data made a folder.
resolve_data() {
  resolved=()
  local previous='' argument
  for argument in "$@"; do
    if [[ $previous == --data && ! -d $argument ]]; then
      local folder=${UNDIFFUSE_DATA:-data}/$argument
      [[ -d $folder ]] || fail "There is no data folder '$argument' or '$folder': give the folder that holds the four IDX files, or set UNDIFFUSE_DATA to its parent."
      argument=$folder
    fi
    resolved+=("$argument")
    previous=$argument
  done
}
