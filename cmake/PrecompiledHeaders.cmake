# Headers of others that most files include, parsed once: it halves the time of a build. A source must compile
# without them too, for clang-tidy reads it so.
option(SLUICE_PCH "Precompile the headers of other libraries" ON)

# sluice_precompile(TARGET PCH): sluice_pch, or sluice_test_pch with GoogleTest's headers, too.
function(sluice_precompile target pch)
  if(SLUICE_PCH)
    # A precompiled header is good only for sources that see the same macros and folders.
    foreach(library IN LISTS SLUICE_PCH_LIBRARIES)
      target_compile_definitions(${target} PRIVATE
        $<TARGET_PROPERTY:${library},INTERFACE_COMPILE_DEFINITIONS>)
      target_include_directories(${target} SYSTEM PRIVATE
        $<TARGET_PROPERTY:${library},INTERFACE_INCLUDE_DIRECTORIES>)
    endforeach()
    target_precompile_headers(${target} REUSE_FROM ${pch})
  endif()
endfunction()

if(TARGET sluice_wheel_arrow)
  set(arrow sluice_wheel_arrow)
else()
  set(arrow Arrow::arrow_shared)
endif()
set(SLUICE_PCH_LIBRARIES fmt::fmt spdlog::spdlog nlohmann_json::nlohmann_json sluice_lib_expected ${arrow})
function(sluice_add_pch name)
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/${name}.cc CONTENT "")  # not touched where it is there
  add_library(${name} STATIC ${CMAKE_BINARY_DIR}/${name}.cc)
  target_link_libraries(${name} PRIVATE ${SLUICE_PCH_LIBRARIES} Threads::Threads)
  if(SLUICE_CCACHE)
    set_target_properties(${name} PROPERTIES
      CXX_COMPILER_LAUNCHER "${CMAKE_SOURCE_DIR}/cmake/precompile;${CMAKE_CXX_COMPILER_LAUNCHER}")
  endif()
  target_precompile_headers(${name} PRIVATE
    <algorithm> <atomic> <chrono> <cstdint> <functional> <map> <memory> <mutex> <optional> <set> <span>
    <string> <string_view> <thread> <unordered_map> <utility> <variant> <vector>
    <fmt/format.h> <fmt/ranges.h> <spdlog/spdlog.h> <nlohmann/json.hpp> <tl/expected.hpp>
    <arrow/api.h> <parquet/arrow/reader.h> ${ARGN})
endfunction()

if(SLUICE_PCH)
  sluice_add_pch(sluice_pch)
endif()
function(sluice_add_test_pch)
  if(SLUICE_PCH)
    sluice_add_pch(sluice_test_pch <gmock/gmock.h> <gtest/gtest.h>)
    target_link_libraries(sluice_test_pch PRIVATE GTest::gmock)
    target_compile_options(sluice_test_pch PRIVATE ${SLUICE_TEST_FLAGS})
  endif()
endfunction()
