# Flags of our own code; dependencies keep theirs.
add_library(undiffuse_flags INTERFACE)
target_compile_options(undiffuse_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow
  # GCC 12 finds overlaps inside std::string that are not there (its bug 105651).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
  $<$<BOOL:${UNDIFFUSE_WERROR}>:-Werror>
  # The same source gives the same bits with every compiler: only explicit MulAdd fuses.
  -ffp-contract=off)

if(UNDIFFUSE_SANITIZE)
  add_compile_options(-fsanitize=${UNDIFFUSE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g)
  add_link_options(-fsanitize=${UNDIFFUSE_SANITIZE})
endif()

if(EMSCRIPTEN)
  add_compile_options(-msimd128 -fno-exceptions)
  add_compile_definitions(JSON_NOEXCEPTION)
  if(UNDIFFUSE_THREADS)
    add_compile_options(-pthread)
    add_link_options(-pthread)
  endif()
endif()
