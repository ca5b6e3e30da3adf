# ./dev evaluate ...: see weights/README.md
source scripts/dev/data.sh
install_for "${train_packages[@]}"
resolve_data "$@"
exec $python weights/evaluate.py "${resolved[@]}"
