# `cmake --install build/release --prefix P`: then find_package(undiffuse) and link undiffuse::core
# (tests/consumer does), and bin/undiffuse finds its models.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/undiffuse)
set_target_properties(undiffuse_core PROPERTIES EXPORT_NAME core)
install(TARGETS undiffuse_core EXPORT undiffuse-targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY core DESTINATION include/undiffuse FILES_MATCHING PATTERN "*.h")
install(DIRECTORY weights/ DESTINATION share/undiffuse/weights
        FILES_MATCHING PATTERN "*.safetensors" PATTERN models.json PATTERN "*.md" PATTERN README.md EXCLUDE)
install(EXPORT undiffuse-targets NAMESPACE undiffuse:: DESTINATION ${package_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/undiffuse-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES cmake/undiffuse-config.cmake ${PROJECT_BINARY_DIR}/undiffuse-config-version.cmake
        DESTINATION ${package_folder})
