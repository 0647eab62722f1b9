# How every library, program and test of Reeve is declared.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()
# Lines and functions for debuggers and backtraces, no variables: those cost as much time again as the rest of the compilation.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

find_program(REEVE_CCACHE ccache)
if(REEVE_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${REEVE_CCACHE})
endif()

# nvcc knows none of these warnings by name, so they are for C++ alone.
set(REEVE_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  if(CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    list(APPEND REEVE_WARNINGS -Wno-restrict)  # false alarms on std::string's operator+ (GCC bug 105651)
  endif()
  if(REEVE_SANITIZE)
    # Instrumented code hides from the optimiser what these two reason about: they report what cannot happen.
    list(APPEND REEVE_WARNINGS -Wno-maybe-uninitialized -Wno-array-bounds)
  endif()
elseif(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  list(APPEND REEVE_WARNINGS -Wno-gnu-zero-variadic-macro-arguments)  # INSTANTIATE_TEST_SUITE_P of gtest 1.12
endif()
add_library(reeve_options INTERFACE)
target_compile_options(reeve_options INTERFACE "$<$<COMPILE_LANGUAGE:CXX>:${REEVE_WARNINGS}>")
target_include_directories(reeve_options INTERFACE ${PROJECT_SOURCE_DIR})

set(REEVE_TEST_ENVIRONMENT "")
if(REEVE_SANITIZE)
  add_compile_options(-fsanitize=${REEVE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${REEVE_SANITIZE})
  # Debian's libraries are not instrumented: the file names those whose own synchronisation tsan cannot see.
  set(REEVE_TEST_ENVIRONMENT "TSAN_OPTIONS=suppressions=${CMAKE_CURRENT_LIST_DIR}/tsan.supp")
endif()
if(REEVE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)  # coverage of the libraries that the fuzzers drive
endif()

# reeve_library(NAME SOURCES... LINKS libs...)
function(reeve_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PUBLIC ${arg_LINKS} PRIVATE reeve_options)
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
endfunction()

# reeve_program(NAME SOURCES... LINKS libs...): lands in build/<preset>/bin/
function(reeve_program name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_LINKS} reeve_options)
endfunction()

# mimalloc instead of libc's malloc: what the loop allocates other threads free, which costs a fifth of the region's time otherwise.
function(reeve_fast_allocation program)
  if(NOT REEVE_SANITIZE)
    target_link_libraries(${program} PRIVATE -Wl,--push-state,--no-as-needed mimalloc -Wl,--pop-state)
  endif()
endfunction()

# Builds every program of the tests that need no region and no minutes (`scripts/test --fast` runs those alone).
add_custom_target(reeve_fast_tests)

# reeve_test(NAME SOURCES... LINKS libs... [TIMEOUT s] [LABELS l...]): one GoogleTest program, one ctest entry a file set.
# Without LABELS it is `fast`; what takes longer names itself: sim, e2e, ...
function(reeve_test name)
  cmake_parse_arguments(arg "" "TIMEOUT" "SOURCES;LINKS;LABELS" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  if(NOT arg_LABELS)
    set(arg_LABELS fast)
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_LINKS} GTest::gtest GTest::gtest_main reeve_options)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}"
                       ENVIRONMENT "${REEVE_TEST_ENVIRONMENT}")
  if("fast" IN_LIST arg_LABELS)
    add_dependencies(reeve_fast_tests ${name})
  endif()
endfunction()

# reeve_benchmark(NAME SOURCES... LINKS libs...): one Google Benchmark program; call it *_bench, so that `scripts/bench micro` runs it.
function(reeve_benchmark name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_LINKS} benchmark::benchmark benchmark::benchmark_main reeve_options)
endfunction()

# Everything that is generated, for tools that read sources without building them.
add_custom_target(reeve_generated)

# reeve_capnp(NAME schema.capnp...): generated C++ in the build folder, as a library of its own. Generated code is nobody's to mend, so it
# sees none of our warnings and its headers are SYSTEM ones: include them from the root, as "protocol/wire.capnp.h".
function(reeve_capnp name)
  set(out ${PROJECT_BINARY_DIR}/generated)
  file(MAKE_DIRECTORY ${out})
  foreach(schema IN LISTS ARGN)
    get_filename_component(schema ${schema} ABSOLUTE)
    file(RELATIVE_PATH stem ${PROJECT_SOURCE_DIR} ${schema})
    add_custom_command(
      OUTPUT ${out}/${stem}.c++ ${out}/${stem}.h
      COMMAND ${CAPNP_EXECUTABLE} compile --src-prefix=${PROJECT_SOURCE_DIR} --import-path=${PROJECT_SOURCE_DIR}
              -oc++:${out} ${schema}
      DEPENDS ${schema}
      COMMENT "Cap'n Proto: ${stem}"
      VERBATIM)
    list(APPEND generated ${out}/${stem}.c++ ${out}/${stem}.h)
  endforeach()
  add_custom_target(${name}_generate DEPENDS ${generated})
  add_library(${name} STATIC ${generated})
  add_dependencies(${name} ${name}_generate)
  add_dependencies(reeve_generated ${name}_generate)
  target_compile_options(${name} PRIVATE -w)
  target_include_directories(${name} SYSTEM PUBLIC ${out})
  target_link_libraries(${name} PUBLIC PkgConfig::CAPNP)
endfunction()
