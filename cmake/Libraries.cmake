# What we do not write ourselves, each under one target name.
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(simdjson REQUIRED)
find_package(CLI11 REQUIRED)

# A library of Debian that comes without a CMake package.
function(sluice_library name header)
  cmake_parse_arguments(ARG "" "" "LIBS" ${ARGN})
  string(MAKE_C_IDENTIFIER ${name} id)
  find_path(SLUICE_${id}_INCLUDE ${header} REQUIRED)
  add_library(sluice_lib_${id} INTERFACE)
  target_include_directories(sluice_lib_${id} SYSTEM INTERFACE ${SLUICE_${id}_INCLUDE})
  foreach(lib IN LISTS ARG_LIBS)
    find_library(SLUICE_${id}_${lib} ${lib} REQUIRED)
    target_link_libraries(sluice_lib_${id} INTERFACE ${SLUICE_${id}_${lib}})
  endforeach()
  add_library(sluice::${name} ALIAS sluice_lib_${id})
endfunction()

sluice_library(expected tl/expected.hpp)
sluice_library(cctz cctz/time_zone.h LIBS cctz)
sluice_library(xxhash xxhash.h LIBS xxhash)
sluice_library(roaring roaring/roaring.h LIBS roaring)

include(Arrow)
