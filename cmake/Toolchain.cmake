# Compiler cache and linker where the machine has them; neither changes what is built.
find_program(SLUICE_CCACHE ccache)
if(SLUICE_CCACHE)
  # Objects of one checkout serve another; precompiled headers are compared by content.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${SLUICE_CCACHE})
endif()
find_program(SLUICE_MOLD mold)
if(SLUICE_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# -O3 takes longer to compile, and most of the work is done in Arrow's and zstd's own code.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
# Of the tests' own code, for which nobody waits: it takes half the time to compile.
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  set(SLUICE_TEST_FLAGS -O1)
endif()
add_compile_options(-Wall -Wextra -Werror -fno-omit-frame-pointer)
# GCC 12 sees overlapping and overlong copies in std::string where there are none (GCC bug 105651).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  add_compile_options(-Wno-restrict -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-fpch-preprocess)  # ccache asks for it
else()
  add_compile_options("SHELL:-Xclang -fno-pch-timestamp")  # the same
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Debug")
  add_compile_options(-g1)
endif()
