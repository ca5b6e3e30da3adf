# ./dev train --data mnist --out DIR ...: a name that is no folder is looked for in $UNDIFFUSE_DATA.
source scripts/dev/data.sh
install_for "${train_packages[@]}"
resolve_data "$@"
# tcmalloc steadies the step times; waiting threads that sleep leave the machine usable.
export OMP_WAIT_POLICY=passive
tcmalloc=$(ls /usr/lib/*/libtcmalloc_minimal.so.4 2>/dev/null | head -n 1 || true)
LD_PRELOAD=$tcmalloc exec $python weights/train.py "${resolved[@]}"
