# Builds with sanitizers: how their objects are compiled, which unit tests they run, and with what settings. Address and
# undefined behaviour take clang, which needs half of g++'s time for them and brings libFuzzer.
# What is suppressed, and why, stands in tools/sanitizers.
set(SLUICE_SANITIZE "" CACHE STRING "Sanitizers, e.g. address,undefined or thread")

if(SLUICE_SANITIZE)
  add_compile_options(-fsanitize=${SLUICE_SANITIZE} -fno-sanitize-recover=all -g1 -O1)
  if(NOT SLUICE_SANITIZE MATCHES "thread")
    # What `null` would find crashes, with a report of the address sanitizer; `vptr` is about casts between classes.
    # `alignment` stays: bytes of others.
    add_compile_options(-fno-sanitize=null,vptr -fsanitize=float-cast-overflow)
    # The same objects serve the unit tests and the fuzzers (tests/fuzz), which need to see which way the code takes.
    add_compile_options(-fsanitize=fuzzer-no-link)
    set(SLUICE_FUZZERS ${SLUICE_TESTS})
    set(SLUICE_TEST_FLAGS -O0)
  endif()
  # The assertions of libstdc++ check bounds that sanitizers do not see.
  add_compile_definitions(_GLIBCXX_ASSERTIONS)
  add_link_options(-fsanitize=${SLUICE_SANITIZE})
  # Their code makes compilers warn of what is not there; the ordinary build has the warnings that count.
  add_compile_options(-Wno-error)
endif()

# sluice_sanitized(PROGRAM VAR): whether this build has the unit tests of PROGRAM. Address and undefined behaviour:
# those that read bytes of others. Threads: those that start some. More would make `make test` too long; CONTRIBUTING.md
# says how to build all of them.
function(sluice_sanitized program var)
  set(${var} TRUE PARENT_SCOPE)
  set(wanted .*)
  if(SLUICE_SANITIZE MATCHES "thread")
    set(wanted catalog|runtime|store|stores)
  elseif(SLUICE_SANITIZE)
    set(wanted base|catalog|columnar|config|delta|ledger)
  endif()
  if(NOT program MATCHES "^(${wanted})$")
    set(${var} FALSE PARENT_SCOPE)
  endif()
endfunction()

# sluice_sanitizer_settings(TEST): the environment of a test. Arrow's own allocators would hide its buffers.
function(sluice_sanitizer_settings test)
  if(SLUICE_SANITIZE)
    set(folder ${CMAKE_SOURCE_DIR}/tools/sanitizers)
    set_tests_properties(${test} PROPERTIES ENVIRONMENT
      "ARROW_DEFAULT_MEMORY_POOL=system;ASAN_OPTIONS=detect_stack_use_after_return=1:detect_leaks=1;\
LSAN_OPTIONS=suppressions=${folder}/leaks.txt:print_suppressions=0;UBSAN_OPTIONS=print_stacktrace=1;\
TSAN_OPTIONS=suppressions=${folder}/threads.txt:history_size=4:second_deadlock_stack=1")
  endif()
endfunction()
