# How the kernels' targets are declared.
# One rounding for each operation: no fused or reassociated arithmetic but what the source asks for.
set(REEVE_KERNEL_CONTROL_FLAGS "" CACHE STRING "Flags that must break the bits, for scripts/prove bits; never for use")
add_library(reeve_kernel_flags INTERFACE)
target_compile_options(reeve_kernel_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Werror -ffp-contract=off -fno-math-errno ${REEVE_KERNEL_CONTROL_FLAGS})
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")  # g++ 12's false alarms on std::string, and those of instrumented code
  target_compile_options(reeve_kernel_flags INTERFACE -Wno-restrict)
  if(REEVE_SANITIZE)
    target_compile_options(reeve_kernel_flags INTERFACE -Wno-maybe-uninitialized -Wno-array-bounds)
  endif()
endif()
cmake_path(GET CMAKE_CURRENT_SOURCE_DIR PARENT_PATH reeve_kernels_include)

# reeve_kernel_library(NAME TYPE SOURCES...)
function(reeve_kernel_library name type)
  add_library(${name} ${type} ${ARGN})
  target_link_libraries(${name} PRIVATE reeve_kernel_flags)
  target_include_directories(${name} PUBLIC ${reeve_kernels_include})
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
endfunction()

# reeve_isa_objects(VARIABLE PREFIX SOURCE): SOURCE once for each instruction set, each in its own namespace, chosen at run time.
function(reeve_isa_objects objects prefix source)
  reeve_kernel_library(${prefix}_portable OBJECT ${source})
  set(${objects} $<TARGET_OBJECTS:${prefix}_portable>)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    foreach(level v3 v4)
      reeve_kernel_library(${prefix}_${level} OBJECT ${source})
      target_compile_options(${prefix}_${level} PRIVATE -march=x86-64-${level} -DREEVE_KERNEL_ISA=x86_64_${level})
      list(APPEND ${objects} $<TARGET_OBJECTS:${prefix}_${level}>)
    endforeach()
  endif()
  set(${objects} ${${objects}} PARENT_SCOPE)
endfunction()
