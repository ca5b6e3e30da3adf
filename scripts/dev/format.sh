# ./dev format
install_for clang-format
install_page_tools
clang-format -i $(git ls-files '*.cpp' '*.h')
npm --prefix web run format
